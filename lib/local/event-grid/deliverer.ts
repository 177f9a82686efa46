import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { batchesOf, isBatching } from './batch.ts';
import { fileOf } from './dead-letter.ts';
import type { Endpoint } from './endpoint.ts';
import { type Outcome, isDelivered, nameOf } from './outcome.ts';
import { afterFailure, limitsOf } from './retry-schedule.ts';
import type { Delivery, EventStore } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface DelivererOptions {
  readonly subscription: Subscription;
  readonly endpoint: Endpoint;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly retryScale: number;
  readonly counters: Counters;
  /** Told of a dead letter that is to be written. */
  buried(): void;
}

export interface Counters {
  published: number;
  delivered: number;
  /** Attempts that failed, whatever followed. */
  failed: number;
  deadLettered: number;
}

/** Requests to one endpoint at a time; what exceeds it waits in the store, which is the queue. */
const mostInFlight = 64;
/** A due time may lie days ahead, and setTimeout cannot. */
const longestSleep = 86_400_000;
const pauseAfterError = 1_000;

/** Brings one subscription its events, at least once and in no order. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #batching: boolean;
  readonly #requests = new Set<Promise<void>>();
  /** The events of these requests: still in the store, and due. */
  readonly #inFlight = new Set<number>();
  readonly #stopping = new AbortController();
  #wake: AbortController | undefined;
  #timer: Promise<void> | undefined;
  /** The store holds deliveries that `#run` does not know of: it is woken when the next request ends. */
  #mayBeMore = false;
  #paused = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#batching = isBatching(options.subscription);
  }

  /** Takes up what an earlier run left, and then whatever comes due. */
  start(): void {
    this.#timer = this.#run();
  }

  /** An event just stored: delivered at once, unless too many are under way. */
  offer(delivery: Delivery): void {
    if (this.#stopping.signal.aborted) return;
    const isFull = this.#paused || this.#requests.size >= mostInFlight;
    if (isFull || this.#batching) this.#mayBeMore = true;
    // Read from the store again, with all that came in the same moment.
    if (!isFull && this.#batching) this.#wake?.abort();
    if (!isFull && !this.#batching) this.#begin([delivery]);
  }

  /** Begins nothing new until it is false again. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#wake?.abort();
  }

  /** The address of the validation was visited. False where it is another's. */
  async confirm(id: string): Promise<boolean> {
    const confirmed = await this.#options.endpoint.confirm(id);
    if (confirmed) this.#wake?.abort();
    return confirmed;
  }

  /** Begins nothing new; what is under way gets `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wake?.abort();
    const patience = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#requests),
      this.#options.clock.sleep(graceMs, patience.signal).catch(() => {}),
    ]);
    patience.abort();
    await this.#timer;
  }

  /** Resolves once nothing is under way and the state is left alone. Call when the connections are closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#requests);
  }

  /** Sleeps until something is due; `#wake` ends the sleep early. */
  async #run(): Promise<void> {
    const { subscription, store, clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const wake = new AbortController();
      this.#wake = wake;
      let wait = longestSleep;
      try {
        // One reading of the clock for both: what comes due between two readings would be in neither.
        const now = clock.now();
        this.#takeDue(now);
        const next = store.nextDue(subscription.name, now);
        if (next !== undefined) wait = Math.min(next - now, longestSleep);
      } catch (error) {
        this.#options.log.error('event_grid_state', { error, subscription: subscription.name });
        wait = pauseAfterError;
      }
      await clock.sleep(wait, wake.signal).catch(() => {});
    }
  }

  #takeDue(now: number): void {
    const { subscription, store } = this.#options;
    this.#mayBeMore = false;
    if (this.#paused) return;
    // Those in flight are due as well: so many find as many others as there is room for.
    const room = Math.max(mostInFlight, subscription.maxEventsPerBatch ?? 1);
    const limit = this.#inFlight.size + room;
    const due = store.due(subscription.name, now, limit);
    const fresh = due.filter(({ event }) => !this.#inFlight.has(event));
    for (const batch of batchesOf(fresh, subscription)) {
      if (this.#requests.size >= mostInFlight) {
        this.#mayBeMore = true;
        return;
      }
      this.#begin(batch);
    }
    if (due.length === limit) this.#mayBeMore = true;
  }

  #begin(batch: readonly Delivery[]): void {
    if (batch.some(({ event }) => this.#inFlight.has(event))) return;
    for (const { event } of batch) this.#inFlight.add(event);
    const request = this.#attempt(batch)
      .catch((error: unknown) => {
        // The state could not be written (a full disk): the deliveries stay as they were and come again at the next start.
        const [first] = batch;
        this.#options.log.error('event_grid_state', { error, subscription: first?.subscription, id: first?.id });
      })
      .finally(() => {
        for (const { event } of batch) this.#inFlight.delete(event);
        this.#requests.delete(request);
        if (this.#mayBeMore) this.#wake?.abort();
      });
    this.#requests.add(request);
  }

  /** All of a batch end alike: Event Grid knows no success in part. */
  async #attempt(batch: readonly Delivery[]): Promise<void> {
    const { endpoint, store, counters } = this.#options;
    const outcome = await endpoint.post(batch);
    if (isDelivered(outcome.status)) {
      await Promise.all(batch.map((delivery) => store.delivered(delivery)));
      counters.delivered += batch.length;
      return;
    }
    // Ended by our own stop: the next run makes this attempt again, and it counts then.
    if (this.#stopping.signal.aborted) return;
    counters.failed++;
    await Promise.all(batch.map((delivery) => this.#failed(delivery, outcome)));
  }

  async #failed(delivery: Delivery, { status, text }: Outcome): Promise<void> {
    const { subscription, store, clock, retryScale, counters, log } = this.#options;
    const now = clock.now();
    const attempts = delivery.attempts + 1;
    const verdict = afterFailure(
      { attempts, status, ageMs: now - delivery.publishedAt },
      limitsOf(subscription),
      retryScale,
    );
    const fields = { subscription: delivery.subscription, id: delivery.id, type: delivery.type, outcome: text };
    if (verdict.kind === 'dead') {
      const { reason } = verdict;
      const { deadLetterDirectory: directory } = subscription;
      const file = directory === undefined ? undefined : `${directory}/${fileOf(subscription.name, now)}`;
      await store.bury(delivery, { reason, attempts, status, lastOutcome: nameOf(status), at: now }, file);
      counters.deadLettered++;
      log.error('event_dead_lettered', { ...fields, reason });
      this.#options.buried();
      return;
    }
    log.warn('event_delivery_failed', { ...fields, attempts, retryInMs: verdict.afterMs });
    await store.retryAt(delivery, now + verdict.afterMs);
    this.#mayBeMore = true;
  }
}
