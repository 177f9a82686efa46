// One replay on our side of the wire. The library sends all actions of an orchestrator, from its start, again and again;
// this goes through them in order as the extension does, beside the history: each action is scheduled when its turn comes,
// takes the next number, and is waited for. What is scheduled at the end and has no event in the history is new.
import type { Action, DurableHttpRequest, EntityRef, RetryOptions, SimpleAction } from './action.ts';
import type { HistoryEvent } from './history.ts';
import { Ledger } from './ledger.ts';
import { entityId } from './locks.ts';
import { Outcome, settled, whenAll, whenAny } from './outcome.ts';
import { nextPoll } from './poll.ts';
import { msOf, utc } from './time.ts';

export interface ReplayOptions {
  readonly actions: readonly Action[];
  /** Of sub-orchestrations that name none. */
  readonly defaultVersion: string | null;
  /** Between two looks at what an HTTP call has begun, where its answer names no time. */
  readonly httpPollMs: number;
  /** Throws a ReplayError where no function of that kind has the name. */
  readonly check: (kind: 'activity' | 'orchestrator' | 'entity', name: string) => void;
}

const day = 86_400_000;
/** Longer timers are chains of shorter ones, by these rules of the library. */
const longestTimer = 6 * day;
const linkOfLongTimer = 3 * day;

export class Replay {
  readonly ledger = new Ledger();
  readonly #options: ReplayOptions;
  readonly #cancelled = new Map<number, Outcome>();
  readonly #queued: { readonly event: HistoryEvent; readonly now: number }[] = [];
  readonly #notes: string[] = [];
  #lock: { readonly number: number; readonly set: readonly EntityRef[] } | undefined;
  #now = 0;
  #turn = 0;
  #finished = false;
  #suspended = false;
  #continued: { readonly input: unknown } | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Takes the next event of the history. Errors: ReplayError. */
  feed(event: HistoryEvent): void {
    if (event.EventType === 12) this.#now = msOf(event.Timestamp);
    else if (event.EventType === 19) this.#suspended = true;
    else if (event.EventType === 20) this.#resume();
    else if (this.#suspended) this.#queued.push({ event, now: this.#now });
    else this.#handle(event);
  }

  /** Timers that the orchestrator has cancelled, whether or not they had been made before. */
  get cancelled(): Iterable<number> {
    return this.#cancelled.keys();
  }

  /** All actions have been gone through. */
  get finished(): boolean {
    return this.#finished;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  get continued(): { readonly input: unknown } | undefined {
    return this.#continued;
  }

  /** What went wrong on our side without the library's knowing. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** While suspended, what won over a cancelled timer waits in the queue; the extension goes on over the timer itself. */
  passCancelled(): void {
    for (const outcome of this.#cancelled.values()) outcome.fail();
  }

  /** The orchestrator has ended: what it sent on its way is sent, whatever else the actions before that wait for. */
  flush(): void {
    this.passCancelled();
    this.ledger.flush();
  }

  /** Of what is locked: once the orchestrator says so, and at its end for it. */
  release(): Outcome {
    const lock = this.#lock;
    this.#lock = undefined;
    const id = lock === undefined ? undefined : this.ledger.messageId(lock.number);
    // Without an id it is not even asked for: the request was made in this very turn, and goes with it.
    if (lock !== undefined && id !== undefined)
      for (const one of lock.set) this.ledger.send({ kind: 'release', target: entityId(one), lock: id });
    return settled();
  }

  #resume(): void {
    this.#suspended = false;
    const now = this.#now;
    for (const { event, now: then } of this.#queued.splice(0)) {
      this.#now = then;
      this.#handle(event);
    }
    this.#now = now;
  }

  #handle(event: HistoryEvent): void {
    if (event.EventType === 0) this.#advance();
    else this.ledger.note(event);
  }

  #advance(): void {
    const { actions } = this.#options;
    const action = actions[this.#turn];
    if (action === undefined) {
      this.#finished = true;
      return;
    }
    this.#turn++;
    this.#invoke(action).when(() => this.#advance());
  }

  #invoke(action: Action): Outcome {
    switch (action.actionType) {
      case 11:
        return whenAny(action.compoundActions.map((one) => this.#invoke(one)));
      case 12:
        return whenAll(action.compoundActions.map((one) => this.#invoke(one)));
      case 0:
        return this.#activity(action);
      case 1:
        return this.#retried(action.functionName, action.retryOptions, () => this.#activity(action));
      case 2:
        return this.#child(action);
      case 3:
        return this.#retried(action.functionName, action.retryOptions, () => this.#child(action));
      case 4:
        this.#continued = { input: action.input };
        return settled();
      case 5:
        return this.#timer(msOf(action.fireAt), action.fireAt, action.isCanceled);
      case 6:
        return this.ledger.wait(action.externalEventName);
      case 7:
      case 9:
        return this.#message(action);
      case 8:
        return this.#http(action.httpRequest);
      case 13:
        this.#lock = { number: this.ledger.next, set: action.lockSet };
        for (const { name } of action.lockSet) this.#options.check('entity', name);
        return this.ledger.schedule({ kind: 'lock', set: action.lockSet }, 'request');
      case 14:
        return this.release();
    }
  }

  #activity({ functionName, input }: { readonly functionName: string; readonly input?: unknown }): Outcome {
    this.#options.check('activity', functionName);
    return this.ledger.schedule({ kind: 'activity', name: functionName, input }, 'holds');
  }

  #child(action: SimpleAction & { readonly actionType: 2 | 3 }): Outcome {
    const { functionName: name, input, instanceId, version } = action;
    this.#options.check('orchestrator', name);
    const given = instanceId === null || instanceId === '' ? undefined : instanceId;
    return this.ledger.schedule(
      { kind: 'child', name, version: version ?? this.#options.defaultVersion, instanceId: given, input },
      'holds',
    );
  }

  /** After each failed attempt a timer, after the last one too: then only does the library throw. */
  #retried(name: string, options: RetryOptions, attempt: () => Outcome): Outcome {
    const outcome = new Outcome();
    const began = this.#now;
    const { firstRetryIntervalInMilliseconds: first, maxNumberOfAttempts: most } = options;
    const longest = options.maxRetryIntervalInMilliseconds ?? Infinity;
    const timeout = options.retryTimeoutInMilliseconds ?? Infinity;
    const run = (n: number): void => {
      const one = attempt();
      one.when(() => {
        if (!one.hasFailed) return outcome.succeed(one.value);
        if (this.#now - began >= timeout) {
          this.#notes.push(
            `'${name}' was not tried again after its attempt ${n}, since its retryTimeoutInMilliseconds (${timeout}) is over; its last failure was: ${String(one.value)}`,
          );
          return outcome.fail();
        }
        const delay = Math.min(first * (options.backoffCoefficient ?? 1) ** (n - 1), longest);
        this.#timer(this.#now + delay, utc(this.#now + delay), false).when(() =>
          n < most ? run(n + 1) : outcome.fail(one.value),
        );
      });
    };
    run(1);
    return outcome;
  }

  /** A cancelled one stays open and holds nothing up: whatever won over it in its Task.any is what moves the replay on. */
  #timer(fireAt: number, text: string, isCancelled: boolean): Outcome {
    const outcome = new Outcome();
    const isLong = fireAt - this.#now > longestTimer;
    const link = (): void => {
      const id = this.ledger.next;
      const at = fireAt - this.#now > longestTimer ? utc(this.#now + linkOfLongTimer) : text;
      const fired = this.ledger.schedule({ kind: 'timer', fireAt: at }, isCancelled ? 'cancelled' : 'holds');
      if (isCancelled) this.#cancelled.set(id, outcome);
      // The last link of a long one may fire early: then the library makes one more.
      fired.when(() => (isLong && fireAt > this.#now ? link() : outcome.succeed()));
    };
    link();
    return outcome;
  }

  #message(action: SimpleAction & { readonly actionType: 7 | 9 }): Outcome {
    const { instanceId: target, input } = action;
    const operation = action.operation ?? '';
    this.#options.check('entity', target.slice(1, target.indexOf('@', 1)));
    if (action.actionType === 7) return this.ledger.schedule({ kind: 'call', target, operation, input }, 'request');
    this.ledger.send({ kind: 'signal', target, operation, input });
    return settled();
  }

  #http(request: DurableHttpRequest): Outcome {
    const outcome = new Outcome();
    const call = this.ledger.schedule({ kind: 'http', request }, 'holds');
    call.when(() => {
      const poll = call.hasFailed ? undefined : nextPoll(request, call.value, this.#options.httpPollMs);
      if (poll === undefined) return outcome.succeed();
      if (poll === 'never') {
        this.#notes.push(
          'The Retry-After of an HTTP answer is not a number of seconds, so that its poll is never due.',
        );
        return outcome.succeed();
      }
      const fireAt = this.#now + poll.afterMs;
      this.#timer(fireAt, utc(fireAt), false).when(() => this.#http(poll.request).when(() => outcome.succeed()));
    });
    return outcome;
  }
}
