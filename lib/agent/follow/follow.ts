import type { Clock } from '../../base/clock.ts';
import { isShrunk } from '../../core/brakes.ts';
import { TidewayError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Hint } from '../../protocol/hint.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import type { Backend, Settings } from '../backend.ts';
import { noteConflict } from './note-conflict.ts';
import type { Online } from '../online.ts';
import { sentAs } from '../send/flight.ts';
import type { Outbox } from '../send/outbox.ts';
import { Outcomes } from './outcome.ts';
import { heldBy } from '../safety/held.ts';
import type { Halt } from '../safety/halt.ts';
import { isOutcomeOf } from './own-row.ts';
import { Signal } from '../signal.ts';
import type { State } from '../state/state.ts';

export interface FollowOptions {
  readonly state: State;
  readonly backend: Backend;
  readonly online: Online;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly settings: Settings;
  /** The share's life is another one than last time: nothing may be concluded from it. */
  readonly onEpochChanged: (epoch: string) => void;
  /** What the backend holds back, each time the head was read. */
  readonly onHeld: (halt: Halt | undefined) => void;
  /** True before the first plan of this process. */
  readonly starting: () => boolean;
  /** The remote tree that was read anew lacks most of what was agreed: see `meta.shrunk`. */
  readonly onShrunk: () => void;
  /** The remote tree has moved. */
  readonly onRows: () => void;
  /** The cursor is at the head that was just read. */
  readonly onHead: () => void;
  /** True while changes come or go: poll at the shorter interval. */
  readonly active: () => boolean;
}

const page = 1000;

/** Moves the remote tree and the cursor along the log, one transaction a batch (I13). Hints only make it sooner (I14). */
export class Follower {
  readonly #options: FollowOptions;
  readonly #outcomes: Outcomes;
  readonly #wake = new Signal();
  #hinted: LogRow[] = [];
  #readWanted = true;
  readonly #ended = Promise.withResolvers<void>();
  #headWaiters: ((seq: number) => void)[] = [];
  readonly counters = { rows: 0, polls: 0, resyncs: 0 };

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#outcomes = new Outcomes(options);
  }

  async run(): Promise<void> {
    const { signal, backend, online } = this.#options;
    const wake = (): void => this.#wake.set();
    signal.addEventListener('abort', wake, { once: true });
    // Polling does without the hints: nothing waits for the line that brings them.
    const listening = online.call('listen', () => backend.listen((hint) => this.onHint(hint)), { vital: false });
    const closed = listening.then(
      async (line) => {
        await this.#ended.promise;
        await line.close();
      },
      (error: unknown) => {
        if (!signal.aborted) throw error;
      },
    );
    try {
      await Promise.all([this.#loop(), this.#poll()]);
    } finally {
      signal.removeEventListener('abort', wake);
      this.#ended.resolve();
      await closed;
    }
  }

  /** Reads head and log again. Resolves with the head once the cursor has reached it. */
  toHead(): Promise<number> {
    return new Promise((resolve) => {
      this.#headWaiters.push(resolve);
      this.read();
    });
  }

  /** Makes the log be read soon. */
  read(): void {
    this.#readWanted = true;
    this.#wake.set();
  }

  onHint(hint: Hint): void {
    const { state, outbox, settings } = this.#options;
    if (hint.group !== settings.group) return;
    if (hint.kind === 'resend') {
      if (hint.endpoint === state.meta.values.endpoint) outbox.resend(hint.incarnation, hint.from);
      return;
    }
    if (hint.kind === 'held') return this.read();
    if (hint.to <= state.meta.values.cursor) return;
    if (hint.rows === undefined) this.#readWanted = true;
    else this.#hinted.push(...hint.rows);
    this.#wake.set();
  }

  async #poll(): Promise<void> {
    const { clock, signal, settings, active } = this.#options;
    const { pollActiveMs, pollIdleMs } = settings;
    for (let waited = 0; ; waited += pollActiveMs) {
      await clock.sleep(pollActiveMs, signal).catch(() => {}); // ends by the signal only, which the next line asks
      if (signal.aborted) return;
      if (!active() && waited + pollActiveMs < pollIdleMs) continue;
      waited = -pollActiveMs;
      this.counters.polls++;
      this.read();
    }
  }

  async #loop(): Promise<void> {
    const { signal, state } = this.#options;
    while (!signal.aborted) {
      try {
        while (this.#hinted.length > 0 && state.meta.values.whole) await this.#takeHinted();
        if (this.#readWanted) {
          this.#readWanted = false;
          await this.#readAll();
        }
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (this.#hinted.length === 0 && !this.#readWanted) await this.#wake.wait();
    }
  }

  /** Takes the rows that continue the cursor. A gap means: read the log itself. */
  async #takeHinted(): Promise<void> {
    const rows = this.#hinted.toSorted((a, b) => a.seq - b.seq);
    this.#hinted = [];
    let next = this.#options.state.meta.values.cursor + 1;
    const run: LogRow[] = [];
    for (const row of rows) {
      if (row.seq < next) continue;
      if (row.seq > next) {
        this.#readWanted = true;
        break;
      }
      run.push(row);
      next++;
    }
    if (run.length > 0) await this.#take(run);
  }

  async #readAll(): Promise<void> {
    const { state, backend, online, onEpochChanged, onHeld } = this.#options;
    const waiters = this.#headWaiters;
    this.#headWaiters = [];
    const head = await online.call('head', () => backend.head());
    const { epoch, whole, cursor } = state.meta.values;
    if (epoch !== '' && epoch !== head.epoch) {
      this.#headWaiters.push(...waiters);
      onEpochChanged(head.epoch);
      return;
    }
    onHeld(heldBy(head));
    if (epoch === '') state.now(() => state.meta.set({ epoch: head.epoch }));
    if (!whole || cursor < head.floor || cursor > head.committedSeq) await this.#resync();
    while (state.meta.values.cursor < head.committedSeq) {
      const after = state.meta.values.cursor;
      const rows = await online.call('read_log', () => backend.readLog(after, page));
      if (rows.length === 0) break;
      await this.#take(rows);
    }
    if (state.meta.values.cursor < head.committedSeq) {
      // Rows went below the floor while they were read: the next round sees that and resyncs.
      this.#headWaiters.push(...waiters);
      this.#readWanted = true;
      await this.#options.clock.sleep(100, this.#options.signal);
      return;
    }
    // RACE: a file that changed, and was deleted with its directory after the sequence of a resync was noted, is no row when
    // the rows are read; the log puts it again, and then drops a directory that was not among the rows either.
    if (state.meta.values.loose) state.now(() => state.dropLoose());
    this.#options.onHead();
    for (const resolve of waiters) resolve(head.committedSeq);
  }

  async #take(rows: readonly LogRow[]): Promise<void> {
    const { state, onRows } = this.#options;
    for (const row of rows) this.#refuseClone(row);
    state.now(() => {
      for (const row of rows) {
        if (row.seq !== state.meta.values.cursor + 1)
          throw new Error(`broken invariant: row ${row.seq} after cursor ${state.meta.values.cursor}`);
        this.#apply(row);
        state.meta.set({ cursor: row.seq });
      }
    });
    this.counters.rows += rows.length;
    onRows();
  }

  /** Before anything of the row is believed. Rejects with `clone` where another agent sent it under our name. */
  #refuseClone(row: LogRow): void {
    const { endpoint, incarnation, nextN } = this.#options.state.meta.values;
    if (row.endpoint !== endpoint || row.n === 0) return;
    // A copy that looked restored was given a new incarnation: it speaks for this endpoint now, and this one must not.
    if (incarnation > 0 && row.incarnation > incarnation)
      throw new TidewayError('clone', `incarnation ${row.incarnation} of this endpoint is another agent's`);
    if (row.incarnation !== incarnation) return;
    const flight = this.#options.outbox.flight(row.n);
    if (row.n < nextN && (flight === undefined || isOutcomeOf(sentAs(flight, row), row))) return;
    throw sentByAnother(row.n);
  }

  #apply(row: LogRow): void {
    const { state, outbox } = this.#options;
    for (const effect of row.effects) {
      if ('put' in effect) state.setRemote(effect.put);
      else if ('drop' in effect) {
        state.dropRemote(effect.drop);
        state.conflicts.drop(effect.drop);
      }
    }
    if (row.outcome === 'conflict') noteConflict(state, row);
    const { endpoint, incarnation } = state.meta.values;
    if (row.endpoint !== endpoint || row.n === 0) return;
    if (row.incarnation !== incarnation) return;
    const flight = outbox.flight(row.n);
    if (flight === undefined) return; // settled by a resync
    if (row.outcome === 'parked') {
      outbox.park(row.n, row.code ?? 'parked');
      return;
    }
    outbox.close(row.n);
    this.#outcomes.take(sentAs(flight, row), row);
  }

  /**
   * The whole remote tree anew: its sequence first, then the rows, then the log from there, which repeats what the rows
   * may have shown already. Deletes follow from the synced tree alone. Whatever the committer had an answer to, and whose
   * row is gone by now, is planned again.
   */
  async #resync(): Promise<void> {
    const { state, backend, online, outbox, log, onRows, starting, onShrunk } = this.#options;
    const { committedSeq } = await online.call('head', () => backend.head());
    const { holder, incarnation } = state.meta.values;
    const { n } = await online.call('incarnation', () => backend.incarnation(holder, incarnation));
    // Its row is not read below: nothing else would tell, and the operation that gets this number here had no outcome ever.
    if (n >= state.meta.values.nextN) throw sentByAnother(n);
    let count = 0;
    await online.call('read_namespace', async () => {
      count = 0;
      // Until the tree is whole again nothing is planned: what is not read yet must not look like deleted.
      state.now(() => {
        state.meta.set({ whole: false, ...(starting() ? { unproven: true } : {}) });
        state.clearRemote();
      });
      await backend.readNamespace(async (nodes) => {
        count += nodes.length;
        state.now(() => {
          for (const node of nodes) state.setRemote(node);
        });
      });
    });
    const { lost, of } = state.lost.there();
    const shrunk = isShrunk(lost, of);
    // In one transaction: else a restart in between would delete what nobody has looked at.
    const { shrunk: before } = state.meta.values;
    state.now(() => state.meta.set({ cursor: committedSeq, whole: true, loose: true, shrunk: shrunk || before }));
    if (shrunk) onShrunk();
    this.counters.resyncs++;
    onRows();
    log.info('resynced', { seq: committedSeq, nodes: count });
    const { committedSeq: since } = await online.call('head', () => backend.head());
    while (state.meta.values.cursor < since) {
      const after = state.meta.values.cursor;
      const rows = await online.call('read_log', () => backend.readLog(after, page));
      if (rows.length === 0) return; // the floor passed again: read() comes back here
      await this.#take(rows);
    }
    state.now(() => {
      for (const flight of outbox.flights()) if (flight.n <= n) outbox.close(flight.n);
    });
  }
}

function sentByAnother(n: number): TidewayError {
  return new TidewayError('clone', `operation ${n} was sent by another agent with this state`);
}
