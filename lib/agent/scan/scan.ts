import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { codeOf, must } from '../../base/errors.ts';
import type { Found, Identity } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import type { Excluded } from './exclude.ts';
import { Excused } from './excused.ts';
import type { SiteFs } from '../fs/port.ts';
import type { StartWatch, Watch, WatchEvent } from '../fs/watch-port.ts';
import { InParts } from './in-parts.ts';
import { Lately } from './lately.ts';
import { lookAt } from './look-at.ts';
import { isOwn, Looks } from './looks.ts';
import { lookAtOldPlaces } from './old-places.ts';
import type { Problems } from '../problems.ts';
import { quietFor } from './quiet.ts';
import type { Retry } from '../retry.ts';
import { record, type Recorded } from './record.ts';
import { newRound } from './round.ts';
import { Seen } from './seen.ts';
import { Signal } from '../signal.ts';
import type { State } from '../state/state.ts';
import type { Touched } from './touched.ts';
import type { Look } from './found.ts';
import type { Shown } from '../apply/shown.ts';
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
  readonly onFatal: (error: unknown) => void;
}

const pollMs = 60_000;
const dailyMs = 24 * 3600_000;
const retryMs = 1000;
/** What moves under the scan's eyes is given time to arrive. */
const movingMs = 200;

/** Keeps the local tree true: partial scans from events as they come, and full scans that need no event at all. */
export class Scanner {
  readonly #options: ScanOptions;
  readonly #looks = new Looks();
  readonly #lately: Lately;
  readonly #fullWake = new Signal();
  readonly #fullWaiters: (() => void)[] = [];
  #fullWanted = false;
  #walking = false;
  #unquiet = 0;
  #watch: Watch | undefined;
  #polling = false;
  /** True while something may have been written that the watch did not tell of. */
  #deaf = true;
  readonly #excused: Excused;
  readonly seen: Seen;
  #root: Identity | undefined;
  /** Full scans and partial ones that ended. */
  readonly counters = { full: 0, partial: 0 };

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#excused = new Excused(options.state);
    this.#lately = new Lately(options.clock);
    this.seen = new Seen(options.clock);
  }

  /** Watches and scans until the signal ends it; the first full scan begins at once. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    this.#watch = await this.#startWatch();
    const wake = (): void => {
      this.#looks.wake();
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

  /** Looks at one path soon, and at all below it. */
  look(path: string, look: Look = { closed: false, written: false }): void {
    if (this.#looks.add(path, look)) this.seen.told();
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
    return this.seen.pending || this.#fullWanted || this.#walking || this.#unquiet > 0;
  }

  #askFull(): void {
    this.#fullWanted = true;
    this.#fullWake.set();
  }

  #onEvents(events: readonly WatchEvent[]): void {
    // First: what is told in one go with a loss may be about a file whose write got lost.
    if (events.some(({ kind }) => kind === 'overflow' || kind === 'gone' || kind === 'limit')) {
      this.#deaf = true;
      try {
        this.#excused.doubt();
      } catch (error) {
        // Who calls is the watch: it has nobody to tell that the state takes nothing any more.
        this.#options.onFatal(error);
      }
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
          this.seen.lost();
          this.#askFull();
          break;
      }
  }

  async #lookLoop(): Promise<void> {
    while (!this.#options.signal.aborted) {
      await this.#looks.wait();
      if (this.#looks.size === 0) continue;
      const looks = this.#looks.take();
      this.seen.begin();
      try {
        await this.#round(looks, (walk) => lookAt(this.#options.state, walk, looks.keys()));
        this.counters.partial++;
      } catch (error) {
        await this.#failed(error);
        this.#askFull();
      } finally {
        this.seen.end();
      }
    }
  }

  async #fullLoop(): Promise<void> {
    this.#askFull();
    while (!this.#options.signal.aborted) {
      await this.#fullWake.wait();
      if (!this.#fullWanted) continue;
      this.#fullWanted = false;
      this.#walking = true;
      const waiters = this.#fullWaiters.splice(0);
      try {
        await this.#options.checkRoot();
        const { losses } = this.seen;
        const everything = async (walk: Walk): Promise<[]> => {
          await walk.everything();
          return [];
        };
        await this.#round(new Map(), everything, InParts.suits(this.#options.state));
        this.counters.full++;
        if (this.seen.found(losses)) this.#deaf = this.#polling;
        for (const resolve of waiters) resolve();
      } catch (error) {
        this.#fullWaiters.push(...waiters);
        await this.#failed(error);
        this.#askFull();
      } finally {
        this.#walking = false;
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

  /** `look` answers the names of which whatever an older round saw counts for nothing any more. */
  async #round(
    looks: ReadonlyMap<string, Look>,
    look: (walk: Walk) => Promise<readonly (readonly [NodeId, string])[]>,
    isFirst = false,
  ): Promise<void> {
    const { touched, state, clock, verifyRoot } = this.#options;
    const round = newRound(touched.scan());
    try {
      const watch = must(this.#watch, 'scans begin after the watch');
      const own = { now: () => clock.now(), watch, looks, hears: !this.#deaf, root: this.#root };
      const parts = isFirst ? new InParts(state, touched, (recorded) => this.#recorded(recorded)) : undefined;
      const walk = new Walk({ ...this.#options, ...own, parts }, round);
      const seen = await look(walk);
      this.#root = walk.root;
      await lookAtOldPlaces(state, touched, walk, round);
      // What is missing may be missing with the whole disk. Were it forgotten here, its ids would be lost: all of it would
      // be made anew once the disk is back, and what is being sent would come back as conflict copies (I6, I8).
      if (round.missing.size > 0) await verifyRoot();
      this.#recorded(
        state.now(() => {
          const result = record(state, touched, round, this.#lately);
          for (const [dir, name] of seen) touched.mark(dir, name);
          return result;
        }),
      );
    } finally {
      touched.scanned(round.began);
    }
  }

  #recorded({ unsettled, again, moving, excused, changed }: Recorded): void {
    const { retry, clock } = this.#options;
    for (const id of changed) retry.hurry(id);
    for (const path of again) this.look(path);
    this.#excused.add(excused, clock.monotonic());
    if (moving.length > 0) void this.#lookAfter(movingMs, moving);
    const byDelay = Map.groupBy(unsettled, ({ size }) => quietFor(size));
    for (const [delay, group] of byDelay) void this.#lookAfter(delay, group);
  }

  async #lookAfter(delay: number, group: readonly Pick<Found, 'path'>[]): Promise<void> {
    const { clock, signal } = this.#options;
    this.#unquiet++;
    await clock.sleep(delay, signal).catch(() => {}); // ends by the signal only
    this.#unquiet--;
    if (!signal.aborted) for (const found of group) this.look(found.path);
  }
}
