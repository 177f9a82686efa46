import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { codeOf, must } from '../base/errors.ts';
import type { Found, Identity } from '../core/identify.ts';
import type { NodeId } from '../core/node.ts';
import { ours } from '../protocol/layout.ts';
import { byDirectory } from './by-directory.ts';
import type { Excluded } from './exclude.ts';
import { Excused } from './excused.ts';
import type { SiteFs } from './fs/port.ts';
import type { StartWatch, Watch, WatchEvent } from './fs/watch-port.ts';
import { lookAtOldPlaces } from './old-places.ts';
import type { Problems } from './problems.ts';
import { quietFor } from './quiet.ts';
import type { Retry } from './retry.ts';
import { record } from './record.ts';
import { newRound } from './round.ts';
import { Signal } from './signal.ts';
import type { State } from './state/state.ts';
import type { Touched } from './touched.ts';
import type { Look } from './found.ts';
import type { Shown } from './shown.ts';
import { Walk } from './walk.ts';

export interface ScanOptions {
  readonly fs: SiteFs;
  readonly startWatch: StartWatch;
  readonly state: State;
  readonly touched: Touched;
  readonly retry: Retry;
  readonly problems: Problems;
  readonly excluded: Excluded;
  readonly shown: Shown;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A file has several names: each is synced as a file of its own. */
  readonly onHardLink: (path: string) => void;
  /** The root moved or vanished, or cannot be read: look at it. Resolves when scans make sense again. */
  readonly checkRoot: () => Promise<void>;
  /** Rejects with code `halted` when the root is not what it should be at this moment. */
  readonly verifyRoot: () => Promise<void>;
}

const pollMs = 60_000;
const dailyMs = 24 * 3600_000;
const retryMs = 1000;
/** What moves under the scan's eyes is given time to arrive. */
const movingMs = 200;
/** A listing costs about as much as a look at a single name for every eight entries; it is asked for from so many names on. */
const manyNames = 4;
const entriesPerLook = 8;

/** Keeps the local tree true: partial scans from events as they come, and full scans that need no event at all. */
export class Scanner {
  readonly #options: ScanOptions;
  readonly #looks = new Map<string, Look>();
  readonly #lookWake = new Signal();
  readonly #fullWake = new Signal();
  #fullWaiters: (() => void)[] = [];
  #fullWanted = false;
  #looking = false;
  #unquiet = 0;
  #watch: Watch | undefined;
  #polling = false;
  /** True while something may have been written that the watch did not tell of. */
  #deaf = true;
  #losses = 0;
  readonly #excused: Excused;
  #root: Identity | undefined;
  /** Full scans and partial ones that ended. */
  readonly counters = { full: 0, partial: 0 };

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#excused = new Excused(options.state);
  }

  /** Watches and scans until the signal ends it; the first full scan begins at once. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    this.#watch = await this.#startWatch();
    const wake = (): void => {
      this.#lookWake.set();
      this.#fullWake.set();
    };
    signal.addEventListener('abort', wake, { once: true });
    try {
      await Promise.all([this.#lookLoop(), this.#fullLoop(), this.#periodic()]);
    } finally {
      signal.removeEventListener('abort', wake);
      await this.#watch.close();
    }
  }

  /** Without a watch (the kernel gives no more of them) full scans have to do. */
  async #startWatch(): Promise<Watch> {
    const { startWatch, log } = this.#options;
    try {
      return await startWatch((events) => this.#onEvents(events));
    } catch (error) {
      if (codeOf(error) === '') throw error;
      log.warn('watch_failed', { error, pollMs });
      this.#polling = true;
      return { add: () => Promise.resolve(), close: () => Promise.resolve() };
    }
  }

  /** Resolves when a full scan that began after the call is in the local tree. */
  full(): Promise<void> {
    return new Promise((resolve) => {
      this.#fullWaiters.push(resolve);
      this.#askFull();
    });
  }

  /** Looks at one path soon. */
  look(path: string, look: Look = { closed: false, written: false }): void {
    if (path === ours || isOwn(path)) return;
    const known = this.#looks.get(path);
    this.#looks.set(path, {
      closed: known?.closed === true || look.closed,
      written: known?.written === true || look.written,
    });
    this.#lookWake.set();
  }

  /**
   * Looks at what the agent met otherwise than it expected, once the events of that have come. One end of a rename alone
   * would be taken for a delete, and the other one for a new file (I8).
   */
  lookSoon(path: string): void {
    void this.#lookAfter(movingMs, [{ path }]);
  }

  /** True while something was seen that is not in the local tree yet. */
  get pending(): boolean {
    return this.#looks.size > 0 || this.#looking || this.#fullWanted || this.#unquiet > 0;
  }

  #askFull(): void {
    this.#fullWanted = true;
    this.#fullWake.set();
  }

  #onEvents(events: readonly WatchEvent[]): void {
    // First: what is told in one go with a loss may be about a file whose write got lost.
    if (events.some(({ kind }) => kind === 'overflow' || kind === 'gone' || kind === 'limit')) {
      this.#deaf = true;
      this.#excused.doubt();
    }
    for (const event of events)
      switch (event.kind) {
        case 'changed':
        case 'written':
        case 'closed':
          this.look(event.path, { closed: event.kind === 'closed', written: event.kind === 'written' });
          break;
        case 'moved':
          // Only the agent renames between its own folder and the tree, and it records what it does.
          if (isOwn(event.from) || isOwn(event.to)) break;
          this.look(event.from);
          this.look(event.to);
          break;
        case 'limit':
          if (!this.#polling) this.#options.log.warn('watch_limit', { path: event.path, pollMs });
          this.#polling = true;
          break;
        case 'overflow':
        case 'gone':
          this.#losses++;
          this.#askFull();
          break;
      }
  }

  async #lookLoop(): Promise<void> {
    while (!this.#options.signal.aborted) {
      await this.#lookWake.wait();
      if (this.#looks.size === 0) continue;
      const looks = new Map(this.#looks);
      this.#looks.clear();
      this.#looking = true;
      const seen: [NodeId, string][] = [];
      try {
        await this.#round(looks, seen, async (walk) => {
          for (const [dir, names] of byDirectory(this.#options.state, looks)) {
            const path = this.#options.state.pathOf(dir);
            if (path === undefined) continue;
            for (const name of names) seen.push([dir, name]);
            if (this.#isCheaperToList(dir, names.size)) await walk.directory(dir, path, false);
            else await walk.names(dir, path, names);
          }
        });
        this.counters.partial++;
      } catch (error) {
        await this.#failed(error);
        this.#askFull();
      } finally {
        this.#looking = false;
      }
    }
  }

  #isCheaperToList(dir: NodeId, names: number): boolean {
    const limit = names * entriesPerLook;
    return names >= manyNames && this.#options.state.countLocal(dir, limit + 1) <= limit;
  }

  async #fullLoop(): Promise<void> {
    this.#askFull();
    while (!this.#options.signal.aborted) {
      await this.#fullWake.wait();
      if (!this.#fullWanted) continue;
      this.#fullWanted = false;
      const waiters = this.#fullWaiters;
      this.#fullWaiters = [];
      try {
        await this.#options.checkRoot();
        const losses = this.#losses;
        await this.#round(new Map(), [], (walk) => walk.everything());
        this.counters.full++;
        if (losses === this.#losses) this.#deaf = this.#polling;
        for (const resolve of waiters) resolve();
      } catch (error) {
        this.#fullWaiters.push(...waiters);
        await this.#failed(error);
        this.#askFull();
      }
    }
  }

  async #periodic(): Promise<void> {
    const { clock, signal } = this.#options;
    for (let waited = 0; ; waited += pollMs) {
      await clock.sleep(pollMs, signal).catch(() => {}); // ends by the signal only, which the next line asks
      if (signal.aborted) return;
      if (!this.#polling && waited < dailyMs) continue;
      this.#askFull();
      waited = 0;
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { signal, clock, log, checkRoot } = this.#options;
    if (signal.aborted) return;
    if (codeOf(error) !== 'halted') {
      log.warn('scan_failed', { error });
      await clock.sleep(retryMs, signal).catch(() => {}); // as above
    }
    if (!signal.aborted) await checkRoot();
  }

  /** `seen` are names this round looks at: whatever an older round saw of them counts for nothing any more. */
  async #round(
    looks: ReadonlyMap<string, Look>,
    seen: readonly (readonly [NodeId, string])[],
    look: (walk: Walk) => Promise<void>,
  ): Promise<void> {
    const { touched, state, clock, verifyRoot } = this.#options;
    const now = (): number => clock.now();
    const round = newRound(touched.scan());
    try {
      const watch = must(this.#watch, 'scans begin after the watch');
      const own = { now, watch, looks, hears: !this.#deaf, root: this.#root };
      const walk = new Walk({ ...this.#options, ...own }, round);
      await look(walk);
      this.#root = walk.root;
      await lookAtOldPlaces(state, walk, round);
      // What is missing may be missing with the whole disk. Were it forgotten here, its ids would be lost: all of it would
      // be made anew once the disk is back, and what is being sent would come back as conflict copies (I6, I8).
      if (round.missing.size > 0) await verifyRoot();
      const { unsettled, again, moving, excused, changed } = state.now(() => {
        const result = record(state, touched, round);
        for (const [dir, name] of seen) touched.mark(dir, name);
        return result;
      });
      for (const id of changed) this.#options.retry.hurry(id);
      for (const path of again) this.look(path);
      this.#excused.add(excused, clock.monotonic());
      if (moving.length > 0) void this.#lookAfter(movingMs, moving);
      const byDelay = Map.groupBy(unsettled, ({ size }) => quietFor(size));
      for (const [delay, group] of byDelay) void this.#lookAfter(delay, group);
    } finally {
      touched.scanned(round.began);
    }
  }

  async #lookAfter(delay: number, group: readonly Pick<Found, 'path'>[]): Promise<void> {
    const { clock, signal } = this.#options;
    this.#unquiet++;
    await clock.sleep(delay, signal).catch(() => {}); // ends by the signal only
    this.#unquiet--;
    if (!signal.aborted) for (const found of group) this.look(found.path);
  }
}

function isOwn(path: string): boolean {
  return path.startsWith(`${ours}/`);
}
