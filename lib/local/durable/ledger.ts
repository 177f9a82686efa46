// The numbers of a replay: what was scheduled under which, what of it is open, and what the events of the history say of it.
import type { HistoryEvent } from './history.ts';
import { Outcome } from './outcome.ts';
import { type Scheduled, type ScheduledEvent, mismatch } from './scheduled.ts';

/** Why a replay cannot go on: the instance fails with this text. */
export class ReplayError extends Error {}

interface Open {
  readonly outcome: Outcome;
  /** What holds up the end of the orchestration: activities, sub-orchestrations and timers, but not answers of entities. */
  readonly as: 'holds' | 'request' | 'cancelled';
}

export class Ledger {
  readonly #open = new Map<number, Open>();
  readonly #unconfirmed = new Map<number, Scheduled>();
  /** Waits by event name; the newest gets the next event, as in the library. */
  readonly #waits = new Map<string, Outcome[]>();
  readonly #unread = new Map<string, number>();
  /** Entity calls and lock requests by the id that their history event gives them. */
  readonly #requests = new Map<string, Outcome>();
  readonly #ids = new Map<number, string>();
  #next = 0;

  /** In the order of their numbers: what has no event in the history yet. */
  get fresh(): ReadonlyMap<number, Scheduled> {
    return this.#unconfirmed;
  }

  /** Number of the next thing scheduled. */
  get next(): number {
    return this.#next;
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

  schedule(scheduled: Scheduled, as: Open['as']): Outcome {
    const outcome = new Outcome();
    const id = this.#next++;
    this.#unconfirmed.set(id, scheduled);
    this.#open.set(id, { outcome, as });
    return outcome;
  }

  /** Nothing comes back for it. */
  send(scheduled: Scheduled): void {
    this.#unconfirmed.set(this.#next++, scheduled);
  }

  wait(name: string): Outcome {
    const outcome = new Outcome();
    const unread = this.#unread.get(name) ?? 0;
    if (unread > 0) {
      this.#unread.set(name, unread - 1);
      outcome.succeed();
    } else this.#waits.set(name, [...(this.#waits.get(name) ?? []), outcome]);
    return outcome;
  }

  /** The id that the history gave to the message of that number; undefined while it has none. */
  messageId(number: number): string | undefined {
    return this.#ids.get(number);
  }

  /** What an event of the history says of what was scheduled. Errors: ReplayError. */
  note(event: HistoryEvent): void {
    switch (event.EventType) {
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
        return this.#raise(event.Name);
      case 0:
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

  /** The replay has failed: nothing of what it scheduled comes to anything. */
  clear(): void {
    this.#unconfirmed.clear();
  }

  /** Ends every wait: what they were for is over. */
  flush(): void {
    for (const { outcome } of Array.from(this.#open.values())) outcome.fail();
    for (const outcome of this.#requests.values()) outcome.fail();
    for (const waits of this.#waits.values()) for (const wait of waits) wait.fail();
  }

  #confirm(event: ScheduledEvent): void {
    const wrong = mismatch(event, this.#unconfirmed.get(event.EventId));
    if (wrong !== undefined) throw new ReplayError(wrong);
    this.#unconfirmed.delete(event.EventId);
    if (event.EventType !== 14) return;
    // An answer comes under the id of the message, which is in its event alone.
    const { id } = JSON.parse(event.Input) as { readonly id: string };
    this.#ids.set(event.EventId, id);
    const open = this.#open.get(event.EventId);
    if (open !== undefined) this.#requests.set(id, open.outcome);
    this.#open.delete(event.EventId);
  }

  #close(id: number): Outcome | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open?.outcome;
  }

  #raise(name: string): void {
    const request = this.#requests.get(name);
    if (request !== undefined) {
      this.#requests.delete(name);
      return request.succeed();
    }
    const wait = this.#waits.get(name)?.pop();
    if (wait !== undefined) return wait.succeed();
    this.#unread.set(name, (this.#unread.get(name) ?? 0) + 1);
  }
}
