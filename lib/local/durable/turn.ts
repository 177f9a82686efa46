// One turn of an orchestration, decided: its history, what is new, and what the worker answered, in; what to keep and what
// to send, out. Nothing here does anything.
import { countActions } from './action.ts';
import type { Answer } from './answer.ts';
import { Stamps, lockMessage, releaseMessage, requestMessage, sentBy } from './entity-message.ts';
import {
  type Failure,
  type FailureDetails,
  type HistoryEvent,
  type InstanceRef,
  eventSent,
  executionCompleted,
  orchestratorEdge,
  subOrchestrationCreated,
  taskCompleted,
  taskFailed,
  taskScheduled,
  timerCreated,
} from './history.ts';
import { ReplayError } from './ledger.ts';
import { entityId } from './locks.ts';
import { Replay, type ReplayOptions } from './replay.ts';
import { type Scheduled, httpActivity } from './scheduled.ts';
import { customStatusTooLarge, orchestratorFailed, tooManyActions } from './texts.ts';
import { utc } from './time.ts';

export interface TurnInput {
  readonly name: string;
  readonly instance: InstanceRef;
  readonly history: readonly HistoryEvent[];
  /** An OrchestratorStarted, then what has come since the last turn. */
  readonly fresh: readonly HistoryEvent[];
  readonly answer: Answer;
  readonly now: number;
  readonly maxActions: number;
  readonly replay: Omit<ReplayOptions, 'actions'>;
  readonly guid: () => string;
}

export type Sent =
  | { readonly kind: 'activity'; readonly task: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'timer'; readonly task: number; readonly fireAt: string; readonly madeAt: string }
  | {
      readonly kind: 'child';
      readonly task: number;
      readonly name: string;
      readonly version: string | null;
      readonly instanceId: string;
      readonly input: unknown;
    }
  | { readonly kind: 'entity'; readonly target: string; readonly name: string; readonly input: string };

export type End =
  | { readonly status: 'Completed' | 'Terminated'; readonly output: string | null }
  | {
      readonly status: 'Failed';
      readonly output: string;
      readonly details: string;
      readonly failure: FailureDetails | null;
    }
  | { readonly status: 'ContinuedAsNew'; readonly input: string | null };

export interface TurnResult {
  /** To append to the history. */
  readonly events: readonly HistoryEvent[];
  readonly sent: readonly Sent[];
  /** Timers that are to fire no more. */
  readonly cancelled: readonly number[];
  readonly isSuspended: boolean;
  /** JSON text, or undefined where it stays. */
  readonly customStatus: string | null | undefined;
  readonly end: End | undefined;
}

export function takeTurn(input: TurnInput): TurnResult {
  const { answer, history, fresh, now } = input;
  const at = utc(now);
  const replay = new Replay({ ...input.replay, actions: answer.actions ?? [] });
  let end: End | undefined;
  try {
    if (answer.actions === undefined) throw new ReplayError(orchestratorFailed(input.name, answer.error ?? ''));
    const tooLarge = customStatusTooLarge(answer.customStatus);
    if (tooLarge !== undefined) throw new ReplayError(orchestratorFailed(input.name, tooLarge));
    if (countActions(answer.actions) > input.maxActions)
      throw new ReplayError(orchestratorFailed(input.name, tooManyActions(input.maxActions)));
    for (const event of history) replay.feed(event);
    for (const event of fresh) replay.feed(event);
    if (replay.isSuspended) replay.passCancelled();
    end = endOf(input, replay);
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    replay.ledger.clear();
    end = { status: 'Failed', output: error.message, details: '', failure: null };
  }
  // The extension gives back what its orchestration holds; Microsoft's does not where that failed.
  if (end !== undefined) replay.release();
  const isHeldBack = replay.isSuspended && end === undefined;
  const stamps = new Stamps(nowOf(fresh, at), sentBy(history));
  const made = isHeldBack ? [] : [...replay.ledger.fresh].map(([id, one]) => make(id, one, input, stamps, at));
  const last = end === undefined ? [] : completion(end, replay.ledger.next, at);
  return {
    events: [...fresh, ...made.map(({ event }) => event), ...last, orchestratorEdge(13, at)],
    sent: made.flatMap(({ sent }) => sent),
    cancelled: [...replay.cancelled],
    isSuspended: replay.isSuspended,
    customStatus:
      end?.status === 'Failed' ? (answer.error === undefined ? undefined : answer.customStatus) : answer.customStatus,
    end,
  };
}

/** The orchestrator's own end counts once everything before it has been gone through and nothing scheduled is open. */
function endOf(input: TurnInput, replay: Replay): End | undefined {
  const { answer } = input;
  const hasEnded = answer.isDone || answer.error !== undefined;
  if (replay.ledger.holds) return undefined;
  if (hasEnded && !replay.finished && !replay.isSuspended) replay.flush();
  if (!replay.finished) return undefined;
  if (answer.error !== undefined)
    return {
      status: 'Failed',
      // With details of its own, a failure goes on as it is.
      output: answer.failure === null ? orchestratorFailed(input.name, answer.error) : answer.error,
      details: `Message: ${answer.error}, StackTrace: ${answer.stack}`,
      failure: answer.failure,
    };
  if (answer.isDone && replay.continued !== undefined)
    return { status: 'ContinuedAsNew', input: jsonOf(replay.continued.input) };
  if (answer.isDone) return { status: 'Completed', output: answer.output };
  // Microsoft's extension leaves such an instance running for ever.
  if (!replay.ledger.awaits && !replay.isSuspended)
    throw new ReplayError(orchestratorFailed(input.name, [stuck, ...replay.notes].join(' ')));
  return undefined;
}

const stuck = 'The orchestrator waits for something that can never come.';

function completion(end: End, id: number, at: string): HistoryEvent[] {
  if (end.status === 'ContinuedAsNew') return [];
  return [executionCompleted(id, end.status, end.output, end.status === 'Failed' ? end.failure : null, at)];
}

function nowOf(fresh: readonly HistoryEvent[], otherwise: string): string {
  return fresh.find(({ EventType }) => EventType === 12)?.Timestamp ?? otherwise;
}

interface Made {
  readonly event: HistoryEvent;
  readonly sent: readonly Sent[];
}

function make(id: number, one: Scheduled, input: TurnInput, stamps: Stamps, at: string): Made {
  const { instance, guid, now } = input;
  const sender = { instance: instance.InstanceId, execution: instance.ExecutionId };
  const entity = (target: string, name: string, text: string): Made => ({
    event: eventSent(id, target, name, text, at),
    sent: [{ kind: 'entity', target, name, input: text }],
  });
  switch (one.kind) {
    case 'activity':
      return {
        event: taskScheduled(id, one.name, at),
        sent: [{ kind: 'activity', task: id, name: one.name, input: one.input }],
      };
    case 'http':
      return {
        event: taskScheduled(id, httpActivity, at),
        sent: [{ kind: 'activity', task: id, name: httpActivity, input: one.request }],
      };
    case 'timer':
      return {
        event: timerCreated(id, one.fireAt, at),
        sent: [{ kind: 'timer', task: id, fireAt: one.fireAt, madeAt: at }],
      };
    case 'child': {
      const { name, version, input: given } = one;
      const instanceId = one.instanceId ?? `${instance.ExecutionId}:${id}`;
      return {
        event: subOrchestrationCreated(id, name, version, instanceId, at),
        sent: [{ kind: 'child', task: id, name, version, instanceId, input: given }],
      };
    }
    case 'call':
    case 'signal': {
      const { target, operation, input: given } = one;
      const request = { operation, input: given, id: guid(), isSignal: one.kind === 'signal' };
      return entity(target, 'op', requestMessage(request, sender, stamps.take(target), now));
    }
    case 'lock': {
      const target = one.set.map(entityId)[0] ?? '';
      return entity(target, 'op', lockMessage(one.set, guid(), sender, stamps.take(target)));
    }
    case 'release':
      return entity(one.target, 'release', releaseMessage(instance.InstanceId, one.lock));
  }
}

export function jsonOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** What a sub-orchestration's end is to its parent. */
export function toParent(end: End, task: number, at: string): HistoryEvent | undefined {
  switch (end.status) {
    case 'Completed':
      return taskCompleted(8, task, end.output, at);
    case 'Failed': {
      const failure: Failure = { reason: end.output, details: end.details, failure: null };
      return taskFailed(9, task, failure, at);
    }
    case 'Terminated': {
      const reason = end.output === null ? '' : String(JSON.parse(end.output));
      return taskFailed(9, task, { reason, details: '', failure: null }, at);
    }
    case 'ContinuedAsNew':
      return undefined;
  }
}
