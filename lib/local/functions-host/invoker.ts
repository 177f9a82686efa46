import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Invocation } from './extension.ts';
import type { FunctionDefinition } from './function-definition.ts';
import type { HostLog } from './host-log.ts';
import { type RetryPolicy, retryPolicy, wantsRetry } from './retry-policy.ts';
import type { InvocationRequest, InvocationResponse, NamedData, RetryContext, RetryOptions } from './rpc.ts';
import { formatTimeSpan } from './time-span.ts';
import { FunctionError } from './worker-process.ts';

/** Where invocations run. */
export interface InvocationTarget {
  /** Errors: a FunctionError. */
  invoke(request: InvocationRequest): Promise<InvocationResponse>;
  /** Ends the process that runs this invocation. */
  kill(invocationId: string): void;
}

export interface InvokerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: HostLog;
  readonly timeoutMs: number;
  /** Policy of host.json, for functions without one of their own. */
  readonly retry: RetryOptions | undefined;
  readonly worker: InvocationTarget;
  /** Data of the input bindings beside the trigger. */
  readonly inputs: (definition: FunctionDefinition) => Promise<readonly NamedData[]>;
  /** Carries out the output bindings; a failure fails the invocation. */
  readonly outputs: (definition: FunctionDefinition, response: InvocationResponse) => Promise<void>;
}

export interface Counters {
  succeeded: number;
  failed: number;
  /** Time of all invocations that have ended, those that ran at once added up. */
  busyMs: number;
  /** Running now. */
  outstanding: number;
  /** Waiting for the next attempt of their retry policy. */
  outstandingRetries: number;
}

/** One object for all: an abort without a reason makes an exception with a stack, for each invocation. */
const answered = new Error('the invocation has ended');

/** One invocation from trigger to outcome: log lines, retry policy, time limit, outputs. */
export class Invoker {
  readonly counters: Counters = { succeeded: 0, failed: 0, busyMs: 0, outstanding: 0, outstandingRetries: 0 };
  readonly #options: InvokerOptions;
  readonly #idle: (() => void)[] = [];
  readonly #stopping = new AbortController();

  constructor(options: InvokerOptions) {
    this.#options = options;
  }

  async invoke(definition: FunctionDefinition, invocation: Invocation): Promise<InvocationResponse> {
    const { clock, log } = this.#options;
    const category = `Function.${definition.name}`;
    const id = randomUUID();
    const startedAt = clock.monotonic();
    const took = (): string => `Id=${id}, Duration=${Math.round(clock.monotonic() - startedAt)}ms)`;
    log.write(
      category,
      'information',
      `Executing 'Functions.${definition.name}' (Reason='${invocation.reason}', Id=${id})`,
      id,
    );
    this.counters.outstanding++;
    try {
      const response = await this.#attempts(definition, invocation, id);
      this.counters.succeeded++;
      log.write(category, 'information', `Executed 'Functions.${definition.name}' (Succeeded, ${took()}`, id);
      return response;
    } catch (error) {
      this.counters.failed++;
      log.write(category, 'error', `Executed 'Functions.${definition.name}' (Failed, ${took()}`, id);
      log.write(
        category,
        'error',
        error instanceof FunctionError ? error.exception.stackTrace || error.message : messageOf(error),
        id,
      );
      throw error;
    } finally {
      this.counters.outstanding--;
      this.counters.busyMs += clock.monotonic() - startedAt;
      if (this.counters.outstanding === 0) for (const tell of this.#idle.splice(0)) tell();
    }
  }

  /** Those waiting for their next attempt fail now, with the failure they have: their trigger brings them again. */
  endRetries(): void {
    this.#stopping.abort();
  }

  /** Resolves once nothing runs. */
  whenIdle(): Promise<void> {
    return this.counters.outstanding === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** All attempts share the invocation's id. */
  async #attempts(definition: FunctionDefinition, invocation: Invocation, id: string): Promise<InvocationResponse> {
    const options = definition.retry ?? this.#options.retry;
    if (options === undefined) return this.#attempt(definition, invocation, id, undefined);
    const policy = retryPolicy(options, this.#options.random);
    let context: RetryContext = { retryCount: 0, maxRetryCount: policy.most };
    for (;;) {
      try {
        return await this.#attempt(definition, invocation, id, context);
      } catch (error) {
        const { retryCount } = context;
        if (!wantsRetry(policy, retryCount)) {
          const text = `Function execution failed after '${retryCount}' retries.`;
          this.#options.log.write(`Function.${definition.name}`, 'error', text, id);
          throw error;
        }
        if (!(await this.#wait(policy, retryCount + 1))) throw error;
        context = { retryCount: retryCount + 1, maxRetryCount: policy.most, exception: userException(error) };
      }
    }
  }

  /** False when the host stops meanwhile. */
  async #wait(policy: RetryPolicy, count: number): Promise<boolean> {
    const { signal } = this.#stopping;
    this.counters.outstandingRetries++;
    try {
      await this.#options.clock.sleep(policy.delay(count), signal);
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    } finally {
      this.counters.outstandingRetries--;
    }
  }

  async #attempt(
    definition: FunctionDefinition,
    invocation: Invocation,
    invocationId: string,
    retryContext: RetryContext | undefined,
  ): Promise<InvocationResponse> {
    const request: InvocationRequest = {
      invocationId,
      functionId: definition.name,
      inputData: [
        ...(Object.keys(invocation.input).length === 0
          ? []
          : [{ name: definition.trigger.name, data: invocation.input }]),
        ...(await this.#options.inputs(definition)),
      ],
      triggerMetadata: invocation.metadata,
      // Empty without Application Insights, even where the request carries a traceparent.
      traceContext: { traceParent: '', traceState: '' },
      retryContext,
    };
    const response = await this.#limited(definition, request);
    await this.#options.outputs(definition, response);
    return response;
  }

  /** A function over its time cannot be told to stop: the whole process is ended, and with it all that runs there. */
  async #limited(definition: FunctionDefinition, request: InvocationRequest): Promise<InvocationResponse> {
    const { clock, worker, timeoutMs, log } = this.#options;
    if (timeoutMs === Infinity) return worker.invoke(request);
    const done = new AbortController();
    let timedOut: FunctionError | undefined;
    clock.sleep(timeoutMs, done.signal).then(
      () => {
        const message = `Timeout value of ${formatTimeSpan(timeoutMs)} exceeded by function '${definition.name}' (Id: '${request.invocationId}'). Initiating cancellation.`;
        log.write(`Function.${definition.name}`, 'error', message, request.invocationId);
        timedOut = new FunctionError({ message, stackTrace: '', source: '' });
        worker.kill(request.invocationId);
      },
      () => {},
    );
    try {
      return await worker.invoke(request);
    } catch (error) {
      throw timedOut ?? error;
    } finally {
      done.abort(answered);
    }
  }
}

function userException(error: unknown): NonNullable<RetryContext['exception']> {
  const exception =
    error instanceof FunctionError ? error.exception : { message: messageOf(error), stackTrace: '', source: '' };
  return { ...exception, isUserException: false };
}
