// What the worker said after a replay, as success or as failure: the library puts its whole state into the text of the
// error it throws when the orchestrator failed.
import type { InvocationResponse, RpcException } from '../functions-host/rpc.ts';
import { type Action, parseActions } from './action.ts';
import type { FailureDetails } from './history.ts';

export interface Answer {
  /** All since the start; undefined where the worker did not get so far as to say. */
  readonly actions: readonly Action[] | undefined;
  readonly isDone: boolean;
  /** JSON text. */
  readonly output: string | null;
  /** JSON text; null where the answer has none, which takes an earlier one away. Undefined: it stays as it was. */
  readonly customStatus: string | null | undefined;
  /** Why the orchestrator failed. */
  readonly error: string | undefined;
  readonly failure: FailureDetails | null;
  /** Of what was thrown, for the parent of a sub-orchestration. */
  readonly stack: string;
}

const label = '\n\n$OutOfProcData$:';

interface State {
  readonly isDone?: boolean;
  readonly actions?: unknown;
  readonly output?: unknown;
  readonly error?: string;
  readonly customStatus?: unknown;
  readonly failureDetails?: FailureDetails;
  /** Of our own worker: a task that is awaited again within another one. */
  readonly repeatedTask?: string;
}

export function succeeded(response: InvocationResponse): Answer {
  const json = response.returnValue?.json ?? response.returnValue?.string;
  if (json === undefined)
    return failed('The data returned by the out-of-process function execution was not valid json.');
  const state = JSON.parse(json) as State;
  if (state.repeatedTask !== undefined) return failed(awaitedAgain(state.repeatedTask));
  return {
    actions: parseActions(state.actions),
    isDone: state.isDone === true,
    output: state.output === undefined ? null : JSON.stringify(state.output),
    customStatus: jsonOf(state.customStatus),
    error: undefined,
    failure: null,
    stack: '',
  };
}

export function threw(exception: RpcException): Answer {
  const at = exception.message.indexOf(label);
  // The process ended, or the library itself failed: nothing is known of what the orchestrator wants.
  if (at < 0)
    return failed(
      exception.source === 'node' ? `One or more errors occurred. (${exception.message})` : exception.message,
    );
  const state = JSON.parse(exception.message.slice(at + label.length)) as State;
  return {
    actions: parseActions(state.actions),
    isDone: false,
    output: null,
    customStatus: state.customStatus === undefined ? undefined : jsonOf(state.customStatus),
    error: state.error ?? notAnError,
    failure: state.failureDetails ?? null,
    stack: exception.stackTrace,
  };
}

// Microsoft's extension reads this answer as "not done yet", and the instance runs for ever.
const notAnError = 'The orchestrator threw a value that is not an Error, or an Error without a message.';

const awaitedAgain = (task: string): string =>
  `A task ('${task}') is awaited again within another Task.all or Task.any. On Azure it would be run again, and results would go to the wrong tasks: await it by itself, or give all tasks to one Task.all.`;

function failed(error: string): Answer {
  return { actions: undefined, isDone: false, output: null, customStatus: undefined, error, failure: null, stack: '' };
}

function jsonOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
