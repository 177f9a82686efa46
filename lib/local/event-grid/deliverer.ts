import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Fault, Faults } from '../faults.ts';
import { handshake, needsHandshake } from './handshake.ts';
import { notificationOf } from './notification.ts';
import type { Poster, Reply } from './poster.ts';
import { afterFailure, limitsOf } from './retry-schedule.ts';
import type { Delivery, EventStore } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface DelivererOptions {
  readonly subscription: Subscription;
  readonly topicId: string;
  readonly store: EventStore;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly log: Log;
  readonly faults: Faults | undefined;
  readonly retryScale: number;
  readonly counters: Counters;
  /** The address that confirms a handshake when it is visited. */
  readonly validationUrl: (id: string) => string;
}

export interface Counters {
  published: number;
  delivered: number;
  /** Attempts that failed, whatever followed. */
  failed: number;
  deadLettered: number;
}

interface Outcome {
  readonly status: number | undefined;
  readonly text: string;
}

/** Attempts at one endpoint at a time; what exceeds it waits in the store, which is the queue. */
const mostInFlight = 64;
const answerMs = 30_000;
/** A due time may lie days ahead, and setTimeout cannot. */
const longestSleep = 86_400_000;
const pauseAfterError = 1_000;

/** Brings one subscription its events, at least once and in no order. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #inFlight = new Map<number, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #validationId = randomUUID();
  #valid: boolean;
  #wake: AbortController | undefined;
  #timer: Promise<void> | undefined;
  /** The store holds deliveries that `#run` does not know of: it is woken when the next attempt ends. */
  #mayBeMore = false;
  #paused = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    const { subscription, store } = options;
    this.#valid = !needsHandshake(subscription.endpoint) || store.isValidated(subscription.name, subscription.endpoint);
  }

  /** Takes up what an earlier run left, and then whatever comes due. */
  start(): void {
    this.#timer = this.#run();
  }

  /** An event just stored: delivered at once, unless too many are under way. */
  offer(delivery: Delivery): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#paused || this.#inFlight.size >= mostInFlight) this.#mayBeMore = true;
    else this.#begin(delivery);
  }

  /** Begins nothing new until it is false again. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#wake?.abort();
  }

  /** Begins nothing new; what is under way gets `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wake?.abort();
    const patience = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#inFlight.values()),
      this.#options.clock.sleep(graceMs, patience.signal).catch(() => {}),
    ]);
    patience.abort();
    await this.#timer;
  }

  /** Resolves once nothing is under way and the state is left alone. Call when the connections are closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight.values());
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
    // Those in flight are still in the store and due: twice the bound finds as many others as there is room for.
    for (const delivery of store.due(subscription.name, now, 2 * mostInFlight)) {
      if (this.#inFlight.size >= mostInFlight && !this.#inFlight.has(delivery.event)) {
        this.#mayBeMore = true;
        return;
      }
      this.#begin(delivery);
    }
  }

  #begin(delivery: Delivery): void {
    if (this.#inFlight.has(delivery.event)) return;
    const attempt = this.#attempt(delivery)
      .catch((error: unknown) => {
        // The state could not be written (a full disk): the delivery stays as it was and comes again at the next start.
        this.#options.log.error('event_grid_state', { error, subscription: delivery.subscription, id: delivery.id });
      })
      .finally(() => {
        this.#inFlight.delete(delivery.event);
        if (this.#mayBeMore) this.#wake?.abort();
      });
    this.#inFlight.set(delivery.event, attempt);
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { subscription, store, clock, retryScale, counters, log } = this.#options;
    const { status, text } = await this.#post(delivery);
    if (status !== undefined && status >= 200 && status < 300) {
      await store.delivered(delivery);
      counters.delivered++;
      return;
    }
    // Ended by our own stop: the next run makes this attempt again, and it counts then.
    if (this.#stopping.signal.aborted) return;
    counters.failed++;
    const now = clock.now();
    const verdict = afterFailure(
      { attempts: delivery.attempts + 1, status, ageMs: now - delivery.publishedAt },
      limitsOf(subscription),
      retryScale,
    );
    const fields = { subscription: delivery.subscription, id: delivery.id, type: delivery.type, outcome: text };
    if (verdict.kind === 'dead') {
      await store.bury(delivery, verdict.reason, text, now);
      counters.deadLettered++;
      log.error('event_dead_lettered', { ...fields, reason: verdict.reason });
      return;
    }
    log.warn('event_delivery_failed', { ...fields, attempts: delivery.attempts + 1, retryInMs: verdict.afterMs });
    await store.retryAt(delivery, now + verdict.afterMs);
    this.#mayBeMore = true;
  }

  async #post(delivery: Delivery): Promise<Outcome> {
    const { subscription, clock, faults } = this.#options;
    try {
      const line = `DELIVER ${subscription.name} ${delivery.type}`;
      const fault = faults?.take(line);
      if (fault?.kind === 'delay') await clock.sleep(fault.ms);
      const planted = fault === undefined || fault.kind === 'delay' ? undefined : { ...outcomeOf(fault), fault };
      if (planted?.fault.when === 'before') return struck(planted);
      if (!this.#valid && !(await this.#validate()))
        return { status: undefined, text: 'The endpoint did not validate.' };
      const [{ status }] = await Promise.all([
        this.#notify(delivery),
        ...(faults?.isTwice(line) === true ? [this.#notify(delivery)] : []),
      ]);
      return planted === undefined ? { status, text: `HTTP ${status}` } : struck(planted);
    } catch (error) {
      return { status: undefined, text: messageOf(error) };
    }
  }

  #notify(delivery: Delivery): Promise<Reply> {
    const { subscription, poster } = this.#options;
    const { headers, body } = notificationOf(delivery, subscription);
    return poster.send({ method: 'POST', url: subscription.endpoint, headers, body, timeoutMs: answerMs });
  }

  /** The endpoint's owner has visited the address that the validation event named. False where it is another's. */
  confirm(id: string): boolean {
    if (id !== this.#validationId) return false;
    this.#valid = true;
    this.#wake?.abort();
    return true;
  }

  async #validate(): Promise<boolean> {
    const { subscription, topicId, clock, poster, store } = this.#options;
    const validationUrl = this.#options.validationUrl(this.#validationId);
    const asked = await handshake({
      subscription,
      topicId,
      validationUrl,
      now: clock.now(),
      poster,
      timeoutMs: answerMs,
    });
    // Confirmed meanwhile by hand counts as well.
    this.#valid ||= asked;
    if (this.#valid) await store.validated(subscription.name, subscription.endpoint);
    return this.#valid;
  }
}

type Broken = Exclude<Fault, { kind: 'delay' }>;

function outcomeOf(fault: Broken): Outcome {
  return fault.kind === 'drop'
    ? { status: undefined, text: 'dropped by a fault' }
    : { status: fault.status, text: fault.code };
}

function struck({ fault, status, text }: Outcome & { readonly fault: Broken }): Outcome {
  if (fault.kind === 'drop') fault.struck?.();
  return { status, text };
}
