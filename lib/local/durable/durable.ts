// A task hub of Durable Functions, embedded. The way of an orchestration, top to bottom:
//
// 1. A client (http/, client.ts) starts it: one transaction makes its row and puts ExecutionStarted into its inbox.
//    Whatever it is told later (events raised, results, timers, its end) comes the same way: a row in its inbox, in order.
// 2. The loop of instances (loop.ts) gives each instance with news one turn at a time (orchestration.ts): the worker is sent
//    the whole history with what is new and answers all actions since the start; replay.ts goes through them beside the
//    history and finds what is new; turn.ts says what to keep and what to send; commit-turn.ts does it in one transaction.
// 3. Entities have turns of their own (entity.ts, decided in entity-state.ts): operations in order, one call for all that wait.
// 4. What a turn sends: activities (activities.ts runs them, at least once each), timers (timers.ts), sub-orchestrations
//    and messages to entities (rows in other inboxes). Each comes back as an event in the inbox, in the transaction that
//    ends it.
//
// An instance is its rows: nothing in memory but who has news. So a kill anywhere leaves a step done or not begun, and a
// start finds everything in the store. Numbers of tasks are given by the library and by replay.ts alike, and must agree.
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import { runActivity } from './activities.ts';
import { DurableClient } from './client.ts';
import { CookieJar } from './cookie-jar.ts';
import { runEntity } from './entity.ts';
import type { DurableFunctions } from './functions.ts';
import type { Hub } from './hub.ts';
import { entityOf } from './locks.ts';
import { Loop } from './loop.ts';
import { orchestrate } from './orchestration.ts';
import { Store } from './store.ts';
import { timers } from './timers.ts';

export interface DurableOptions {
  /** The hub's file, or `:memory:`. */
  readonly file: string;
  readonly functions: DurableFunctions;
  readonly host: Hub['host'];
}

export class Durable {
  readonly hub: Hub;
  readonly client: DurableClient;
  readonly #options: DurableOptions;
  readonly #store: Store;
  readonly #orchestrations: Loop<string>;
  readonly #entities: Loop<string>;
  readonly #activities: Loop<number>;
  readonly #timers: Alarm;
  readonly #settling = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  /** Errors: `state_*` of the file. */
  constructor(options: DurableOptions) {
    const { host, functions } = options;
    const { log, clock, waits } = host;
    const { maxActivities, maxOrchestrators, maxEntities } = host.hostSettings.durable;
    const store = new Store(options.file);
    this.#options = options;
    this.#store = store;
    const loop = { clock, log, retry: waits.restart };
    this.#orchestrations = new Loop({ ...loop, width: maxOrchestrators, work: (id) => orchestrate(id, this.hub) });
    this.#entities = new Loop({ ...loop, width: maxEntities, work: (id) => runEntity(id, this.hub) });
    this.#activities = new Loop({ ...loop, width: maxActivities, work: (seq) => runActivity(seq, this.hub) });
    const fired = (id: string): void => this.#news(id);
    this.#timers = new Alarm(clock, timers({ clock, log, store, fired, retryMs: waits.restart.firstMs }));
    this.hub = {
      store,
      functions,
      host,
      guid: randomUUID,
      cookies: new CookieJar(() => clock.now()),
      stopping: this.#stopping.signal,
      news: (id) => this.#news(id),
      queued: (seq) => this.#activities.news(seq),
      again: (seq, startedAt) => void this.#again(seq, startedAt),
      settle: (work) => this.#settle(work),
      due: (at) => this.#timers.at(at),
    };
    this.client = new DurableClient(this.hub);
  }

  /** Goes on with whatever the store holds. */
  start(): void {
    for (const id of this.#store.waiting()) this.#news(id);
    for (const { seq, startedAt } of this.#store.activities())
      if (startedAt === null) this.#activities.news(seq);
      else void this.#again(seq, startedAt);
    this.#timers.start();
  }

  /** Takes nothing new and waits for what runs; what the host cuts off meanwhile comes again with the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#timers.stop();
    await Promise.all([this.#orchestrations.stop(), this.#entities.stop(), this.#activities.stop()]);
    await Promise.all(this.#settling);
  }

  /** After `stop`. */
  close(): void {
    this.#store.close();
  }

  #settle(work: Promise<void>): void {
    const settled = work
      // It was not written, and so it is as if it had not ended: the next start runs it again.
      .catch((error: unknown) => this.#options.host.log.write('Host.Triggers.DurableTask', 'error', messageOf(error)))
      .finally(() => this.#settling.delete(settled));
    this.#settling.add(settled);
  }

  #news(id: string): void {
    const loop = this.#isEntity(id) ? this.#entities : this.#orchestrations;
    loop.news(id);
  }

  /** An orchestration may have an id of an entity's form; who was there first has it. */
  #isEntity(id: string): boolean {
    const entity = entityOf(id);
    if (entity === undefined) return false;
    const row = this.#store.instance(id);
    return row === undefined ? this.#options.functions.find('entity', entity.name) !== undefined : row.name === id;
  }

  /** An activity that a killed host had begun: for all that is known it still runs, so it is given its time. */
  async #again(seq: number, startedAt: number): Promise<void> {
    const { clock, waits } = this.#options.host;
    const { signal } = this.#stopping;
    try {
      await clock.sleep(Math.max(0, startedAt + waits.rerunMs - clock.now()), signal);
      this.#activities.news(seq);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
