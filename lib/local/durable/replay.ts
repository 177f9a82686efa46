// One replay on our side of the wire. The library sends all actions of an orchestrator, from its start, again and again;
// this goes through them in order as the extension does, beside the history: each action is scheduled when its turn comes,
// takes the next number, and is waited for. What is scheduled at the end and has no event in the history is new.
import { type Action, type DurableHttpRequest, type RetryOptions, type SimpleAction } from './action.ts';
import type { HistoryEvent } from './history.ts';
import { Outcome, settled, whenAll, whenAny } from './outcome.ts';
import { nextPoll } from './poll.ts';
import { type Scheduled, type ScheduledEvent, mismatch } from './scheduled.ts';
import { msOf, utc } from './time.ts';

/** Why a replay cannot go on: the instance fails with this text. */
export class ReplayError extends Error {}

export interface ReplayOptions {
  readonly actions: readonly Action[];
  /** Of sub-orchestrations that name none. */
  readonly defaultVersion: string | null;
  /** Between two looks at what an HTTP call has begun, where its answer names no time. */
  readonly httpPollMs: number;
  /** Throws a ReplayError where no function of that kind has the name. */
  readonly check: (kind: 'activity' | 'orchestrator' | 'entity', name: string) => void;
}

interface Open {
  readonly outcome: Outcome;
  /** What holds up the end of the orchestration: activities, sub-orchestrations and timers, but not answers of entities. */
  readonly as: 'holds' | 'request' | 'cancelled';
}

const day = 86_400_000;
/** Longer timers are chains of shorter ones, by these rules of the library. */
const longestTimer = 6 * day;
const linkOfLongTimer = 3 * day;

export class Replay {
  readonly #options: ReplayOptions;
  readonly #open = new Map<number, Open>();
  readonly #unconfirmed = new Map<number, Scheduled>();
  readonly #cancelled = new Map<number, Outcome>();
  /** Waits by event name; the newest gets the next event, as in the library. */
  readonly #waits = new Map<string, Outcome[]>();
  readonly #unread = new Map<string, HistoryEvent[]>();
  /** Entity calls and lock requests by the id that their history event gives them. */
  readonly #requests = new Map<string, Outcome>();
  readonly #queued: { readonly event: HistoryEvent; readonly now: number }[] = [];
  readonly #notes: string[] = [];
  #lock: { readonly id: number; guid: string; readonly set: readonly { name: string; key: string }[] } | undefined;
  #now = 0;
  #next = 0;
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

  /** In the order of their numbers: what has no event in the history yet. */
  get fresh(): ReadonlyMap<number, Scheduled> {
    return this.#unconfirmed;
  }

  /** Timers that the orchestrator has cancelled, whether or not they had been made before. */
  get cancelled(): Iterable<number> {
    return this.#cancelled.keys();
  }

  /** Number of the next thing scheduled. */
  get next(): number {
    return this.#next;
  }

  /** All actions have been gone through. */
  get finished(): boolean {
    return this.#finished;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  /** Something scheduled is open that an orchestration does not end before. */
  get holds(): boolean {
    return [...this.#open.values()].some(({ as }) => as === 'holds');
  }

  /** Anything may still come: an answer, or an event that is waited for. */
  get awaits(): boolean {
    if ([...this.#open.values()].some(({ as }) => as !== 'cancelled')) return true;
    return this.#requests.size > 0 || [...this.#waits.values()].some((waits) => waits.length > 0);
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
    for (const { outcome } of Array.from(this.#open.values())) outcome.fail();
    for (const outcome of this.#requests.values()) outcome.fail();
    for (const waits of this.#waits.values()) for (const wait of waits) wait.fail();
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
    switch (event.EventType) {
      case 0:
        return this.#advance();
      case 4:
      case 7:
      case 10:
      case 14:
        return this.#confirm(event);
      case 5:
      case 8:
        return this.#close(event.TaskScheduledId)?.succeed(event.Result);
      case 6:
      case 9:
        return this.#close(event.TaskScheduledId)?.fail(event.Reason);
      case 11:
        return this.#close(event.TimerId)?.succeed();
      case 15:
        return this.#raise(event);
      case 1:
      case 3:
      case 12:
      case 13:
      case 17:
      case 19:
      case 20:
        return;
    }
  }

  #confirm(event: ScheduledEvent): void {
    const scheduled = this.#unconfirmed.get(event.EventId);
    const wrong = mismatch(event, scheduled);
    if (wrong !== undefined) throw new ReplayError(wrong);
    this.#unconfirmed.delete(event.EventId);
    if (event.EventType !== 14) return;
    // An answer comes under the id of the message, which is in its event alone.
    const { id } = JSON.parse(event.Input) as { readonly id: string };
    const open = this.#open.get(event.EventId);
    if (open !== undefined) this.#requests.set(id, open.outcome);
    this.#open.delete(event.EventId);
    if (this.#lock?.id === event.EventId) this.#lock.guid = id;
  }

  #close(id: number): Outcome | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open?.outcome;
  }

  #raise(event: HistoryEvent & { readonly EventType: 15 }): void {
    const request = this.#requests.get(event.Name);
    if (request !== undefined) {
      this.#requests.delete(event.Name);
      return request.succeed();
    }
    const wait = this.#waits.get(event.Name)?.pop();
    if (wait !== undefined) return wait.succeed();
    this.#unread.set(event.Name, [...(this.#unread.get(event.Name) ?? []), event]);
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
        return this.#wait(action.externalEventName);
      case 7:
      case 9:
        return this.#message(action);
      case 8:
        return this.#http(action.httpRequest);
      case 13:
        this.#lock = { id: this.#next, guid: '', set: action.lockSet };
        for (const { name } of action.lockSet) this.#options.check('entity', name);
        return this.#schedule({ kind: 'lock', set: action.lockSet }, 'request');
      case 14:
        return this.release();
    }
  }

  #schedule(scheduled: Scheduled, as: Open['as']): Outcome {
    const outcome = new Outcome();
    const id = this.#next++;
    this.#unconfirmed.set(id, scheduled);
    this.#open.set(id, { outcome, as });
    return outcome;
  }

  #activity({ functionName, input }: { readonly functionName: string; readonly input?: unknown }): Outcome {
    this.#options.check('activity', functionName);
    return this.#schedule({ kind: 'activity', name: functionName, input }, 'holds');
  }

  #child(action: SimpleAction & { readonly actionType: 2 | 3 }): Outcome {
    const { functionName: name, input, instanceId, version } = action;
    this.#options.check('orchestrator', name);
    const given = instanceId === null || instanceId === '' ? undefined : instanceId;
    return this.#schedule(
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
      const id = this.#next;
      const at = fireAt - this.#now > longestTimer ? utc(this.#now + linkOfLongTimer) : text;
      const fired = this.#schedule({ kind: 'timer', fireAt: at }, isCancelled ? 'cancelled' : 'holds');
      if (isCancelled) this.#cancelled.set(id, outcome);
      // The last link of a long one may fire early: then the library makes one more.
      fired.when(() => (isLong && fireAt > this.#now ? link() : outcome.succeed()));
    };
    link();
    return outcome;
  }

  #wait(name: string): Outcome {
    const outcome = new Outcome();
    const unread = this.#unread.get(name);
    if (unread?.shift() !== undefined) outcome.succeed();
    else this.#waits.set(name, [...(this.#waits.get(name) ?? []), outcome]);
    return outcome;
  }

  #message(action: SimpleAction & { readonly actionType: 7 | 9 }): Outcome {
    const { instanceId: target, input } = action;
    const operation = action.operation ?? '';
    this.#options.check('entity', target.slice(1, target.indexOf('@', 1)));
    const kind = action.actionType === 7 ? 'call' : 'signal';
    const id = this.#next;
    const answer = this.#schedule({ kind, target, operation, input }, 'request');
    if (kind === 'call') return answer;
    this.#open.delete(id);
    return settled();
  }

  /** The replay has failed: nothing of what it scheduled comes to anything. */
  clear(): void {
    this.#unconfirmed.clear();
  }

  /** Of what is locked: once the orchestrator says so, and at its end for it. */
  release(): Outcome {
    const lock = this.#lock;
    this.#lock = undefined;
    // Not even asked for: the request is made in this very turn, and goes with it.
    if (lock?.guid === '') return settled();
    for (const { name, key } of lock?.set ?? []) {
      const target = `@${name.toLowerCase()}@${key}`;
      const id = this.#next;
      this.#schedule({ kind: 'release', target, lock: lock?.guid ?? '' }, 'request');
      this.#open.delete(id);
    }
    return settled();
  }

  #http(request: DurableHttpRequest): Outcome {
    const outcome = new Outcome();
    const call = this.#schedule({ kind: 'http', request }, 'holds');
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
