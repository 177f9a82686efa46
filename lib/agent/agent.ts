// One endpoint. The way of a change out: watch and scan (scan.ts) -> local tree -> planner.ts -> proposals.ts (uploads)
// -> outbox.ts -> the queue. The way in: follow.ts (the log) -> remote tree -> planner.ts -> apply.ts (downloads) -> the
// site. What both agree on is the synced tree, written by the planner, by outcomes and after actions. Everything is
// passed in, so that all of it runs in a simulator.
import type { Clock } from '../base/clock.ts';
import { TidewayError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { randomHex, type Random } from '../base/random.ts';
import { Apply } from './apply.ts';
import type { Backend, Settings } from './backend.ts';
import { defaultExcludes, excluder } from './exclude.ts';
import { Flush } from './flush.ts';
import { Follower } from './follow.ts';
import type { SiteFs } from './fs/port.ts';
import type { StartWatch } from './fs/watch-port.ts';
import { Halted, type Halt } from './halt.ts';
import { Online } from './online.ts';
import { Outbox } from './outbox.ts';
import { Planner } from './planner.ts';
import { Problems } from './problems.ts';
import { Proposals } from './proposals.ts';
import { Replaced } from './replaced.ts';
import { Retry } from './retry.ts';
import { Scanner } from './scan.ts';
import { Sentinel } from './sentinel.ts';
import { Site } from './site.ts';
import { State } from './state/state.ts';
import type { AgentState, AgentStatus } from './status.ts';
import { Touched } from './touched.ts';

export interface AgentOptions {
  /** The endpoint's id, as the backend enrolled it. */
  readonly endpoint: string;
  /** PKCS#8, base64: signs what is sent. */
  readonly privateKey: string;
  /** The state's file, or ':memory:'. */
  readonly stateFile: string;
  readonly fs: SiteFs;
  readonly startWatch: StartWatch;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Agent {
  status(): AgentStatus;
  /** Resolves when a full scan that began after the call is done. */
  rescan(): Promise<void>;
  /**
   * True once the endpoint is in sync: rescanned after the call began, nothing pending either way, and the cursor at the
   * head read after that rescan. False when `deadline` (ms of the clock's `monotonic`) passes before. Problems are not
   * pending. Rejects with `Halted` (code `halted`) while the endpoint is halted.
   */
  settled(deadline: number): Promise<boolean>;
  /** Goes on after a pause, and after a halt whose cause is gone: it is looked at again. */
  resume(): Promise<void>;
  pause(): void;
  /** Ends all work, leaves files whole and the state closed. Safe to call twice. */
  stop(): Promise<void>;
  counters(): Readonly<Record<string, number>>;
}

/** Errors: those of the state file (see `openDatabase`), and `state_foreign` where it is another endpoint's. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const state = new State(options.stateFile, options.clock);
  const { endpoint } = state.meta.values;
  if (endpoint !== '' && endpoint !== options.endpoint) {
    state.close();
    throw new TidewayError('state_foreign', `The state belongs to endpoint ${endpoint}, not to ${options.endpoint}`, {
      path: options.stateFile,
      hint: 'Start with the state of this endpoint, or with a new one.',
    });
  }
  if (endpoint === '')
    await state.commit(() => state.meta.set({ endpoint: options.endpoint, holder: randomHex(options.random, 16) }));
  return new Endpoint(options, state);
}

interface Parts {
  readonly scanner: Scanner;
  readonly outbox: Outbox;
  readonly follower: Follower;
  readonly proposals: Proposals;
  readonly apply: Apply;
  readonly planner: Planner;
  readonly flush: Flush;
}

/** How long after the last change the log is polled at the shorter interval. */
const activeMs = 30_000;

/** What is written to the state without anybody waiting for the disk is on disk after this. */
const saveMs = 50;

class Endpoint implements Agent {
  readonly #options: AgentOptions;
  readonly #state: State;
  readonly #abort = new AbortController();
  readonly #problems = new Problems();
  readonly #touched = new Touched();
  readonly #online: Online;
  readonly #retry: Retry;
  readonly #sentinel: Sentinel;
  readonly #running: Promise<void>;
  #parts: Parts | undefined;
  #halt: Halt | undefined;
  #paused = false;
  #started = false;
  #resumed = Promise.withResolvers<void>();
  #progress = Promise.withResolvers<void>();
  #lastChange = -Infinity;
  #inSyncAsOf = 0;

  constructor(options: AgentOptions, state: State) {
    this.#options = options;
    this.#state = state;
    const { clock, random, log } = options;
    const signal = this.#abort.signal;
    this.#online = new Online({ clock, random, log, signal });
    this.#retry = new Retry({ clock, signal, problems: this.#problems, again: (id) => this.#parts?.planner.touch(id) });
    this.#sentinel = new Sentinel(options.fs, state, options.endpoint);
    state.writes.onOpen = () => void this.#saveSoon();
    this.#running = this.#run();
  }

  async #saveSoon(): Promise<void> {
    await this.#options.clock.sleep(saveMs, this.#abort.signal).catch(() => {}); // ends by the signal only
    if (this.#abort.signal.aborted) return;
    try {
      this.#state.writes.flush();
    } catch (error) {
      this.#fatal(error);
    }
  }

  async #run(): Promise<void> {
    try {
      const settings = await this.#introduce();
      await this.#untilRootIsWell(() => this.#sentinel.claim());
      this.#parts = await this.#assemble(settings);
      const { scanner, outbox, follower, proposals, planner } = this.#parts;
      // First both trees as they are now, then the first plan: else what is here already would be fetched again.
      const begin = async (): Promise<void> => {
        await Promise.all([scanner.full(), follower.toHead()]);
        for (const id of this.#state.unequal()) planner.touch(id);
        this.#started = true;
        this.#setFlags();
      };
      const parts = [scanner.run(), outbox.run(), follower.run(), proposals.run(), planner.run()];
      await Promise.all(
        [...parts, this.#untilAborted(begin())].map((part) => part.catch((error) => this.#fatal(error))),
      );
    } catch (error) {
      this.#fatal(error);
    }
  }

  /** Settings, and whose turn it is to speak for this endpoint. */
  async #introduce(): Promise<Settings> {
    const { backend } = this.#options;
    const settings = await this.#online.call('settings', () => backend.settings());
    const { holder, incarnation, nextN } = this.#state.meta.values;
    const answer = await this.#online.call('incarnation', () => backend.incarnation(holder, incarnation));
    if (incarnation === 0) await this.#state.commit(() => this.#state.meta.set({ incarnation: answer.incarnation }));
    else if (answer.n >= nextN) {
      // The committer has seen numbers that this state never gave: it was restored from a backup. Under a new incarnation
      // no number is used twice; what the outbox had is planned again from what the log says by now.
      const fresh = await this.#online.call('incarnation', () => backend.incarnation(holder, 0));
      await this.#state.commit(() => {
        this.#state.outbox.clear();
        this.#state.meta.set({ incarnation: fresh.incarnation, nextN: 1, whole: false });
      });
      this.#options.log.warn('state_restored', { incarnation: fresh.incarnation });
    }
    return settings;
  }

  async #assemble(settings: Settings): Promise<Parts> {
    const { fs, startWatch, backend, clock, log, privateKey } = this.#options;
    const state = this.#state;
    const signal = this.#abort.signal;
    const [problems, touched, online, retry] = [this.#problems, this.#touched, this.#online, this.#retry];
    const excluded = excluder([...defaultExcludes, ...settings.exclude]);
    const look = (path: string): void => scanner.look(path);
    const guard = (): Promise<void> => this.#guard();
    const onFatal = (error: unknown): void => this.#fatal(error);
    const onProgress = (): void => this.#onProgress();
    const now = (): number => clock.now();

    const checkRoot = (): Promise<void> => this.#untilRootIsWell(() => this.#sentinel.check());
    const scanner = new Scanner({ fs, startWatch, state, touched, problems, excluded, clock, log, signal, checkRoot });
    const { group, resendMs } = settings;
    const outbox = new Outbox({ state, backend, online, clock, signal, group, privateKey, resendMs });
    const replaced = new Replaced({ fs, state, clock, problems, log, server: settings.server, look });
    await replaced.recover();
    // What a crash left unflushed is named by the trees already, or will be by the first scan.
    await fs.sync();
    const flush = new Flush(fs);
    const site = new Site({ fs, state, touched, flush, replaced, look });
    const readLog = (): void => follower.read();
    const common = { fs, state, backend, online, retry, signal, guard, onProgress, onFatal };
    const apply = new Apply({ ...common, site, flush, readLog });
    const proposals = new Proposals({ ...common, outbox, look, log });
    const planner = new Planner({ fs, state, proposals, apply, retry, problems, excluded, signal, now, look, onFatal });
    const follower = new Follower({
      state,
      backend,
      online,
      outbox,
      clock,
      log,
      signal,
      settings,
      onEpochChanged: (epoch) => this.#haltNow(epochChanged(epoch)),
      onRows: () => {
        proposals.wake();
        onProgress();
      },
      onHead: () => {
        if (this.#pending() === 0 && this.#started) this.#inSyncAsOf = clock.now();
      },
      active: () => clock.monotonic() - this.#lastChange < activeMs,
    });
    void replaced.run(signal).catch(onFatal);
    return { scanner, outbox, follower, proposals, apply, planner, flush };
  }

  status(): AgentStatus {
    const { cursor } = this.#state.meta.values;
    const parts = this.#parts;
    const conflicts = this.#state.conflicts.all().flatMap((conflict) => {
      const path = this.#state.pathOf(conflict.node);
      return path === undefined ? [] : [{ ...conflict, path }];
    });
    const pendingUploads = parts === undefined ? 0 : parts.proposals.pending + this.#unanswered(parts.outbox);
    const pendingDownloads = parts === undefined ? 0 : parts.apply.pending;
    return {
      state: this.#stateName(),
      cursor,
      pendingUploads,
      pendingDownloads,
      conflicts,
      problems: [...this.#problems.all(), ...this.#parked()],
      files: this.#state.countFiles(),
      halt: this.#halt,
      inSyncAsOf: this.#inSyncAsOf,
    };
  }

  async rescan(): Promise<void> {
    while (this.#parts === undefined) await this.#nextProgress(10);
    await this.#parts.scanner.full();
  }

  async settled(deadline: number): Promise<boolean> {
    const { clock } = this.#options;
    const late = clock.sleep(Math.max(deadline - clock.monotonic(), 0), this.#abort.signal).then(
      () => false,
      () => false,
    );
    return Promise.race([late, this.#settle(deadline)]);
  }

  async #settle(deadline: number): Promise<boolean> {
    const { clock } = this.#options;
    const scanned = this.rescan().then(() => true);
    while (!(await Promise.race([scanned, this.#nextProgress(50).then(() => false)]))) this.#throwIfHalted();
    while (clock.monotonic() < deadline && !this.#abort.signal.aborted) {
      this.#throwIfHalted();
      if (this.#started && this.#pending() === 0 && this.#parts !== undefined) {
        const began = clock.now();
        await this.#parts.follower.toHead();
        if (this.#pending() === 0) {
          await this.#state.writes.durable();
          this.#inSyncAsOf = began;
          return true;
        }
      }
      await this.#nextProgress(10);
    }
    return false;
  }

  async resume(): Promise<void> {
    this.#paused = false;
    if (this.#halt !== undefined && this.#parts !== undefined) {
      try {
        await this.#sentinel.check();
      } catch (error) {
        if (!(error instanceof Halted)) throw error;
        this.#halt = error.halt;
        return;
      }
    }
    this.#halt = undefined;
    this.#resumed.resolve();
    this.#resumed = Promise.withResolvers();
    this.#parts?.follower.read();
    this.#setFlags();
  }

  pause(): void {
    this.#paused = true;
    this.#setFlags();
  }

  async stop(): Promise<void> {
    if (this.#abort.signal.aborted) return this.#running;
    this.#abort.abort(new TidewayError('stopped', 'The agent is stopping'));
    this.#resumed.resolve();
    await this.#running;
    const parts = this.#parts;
    while (parts !== undefined && parts.proposals.running + parts.apply.pending + parts.planner.running > 0)
      await new Promise((resolve) => setImmediate(resolve));
    this.#state.close();
  }

  counters(): Readonly<Record<string, number>> {
    if (this.#parts === undefined) return {};
    const { scanner, outbox, follower, proposals, apply, planner, flush } = this.#parts;
    return Object.assign(
      {},
      ...[scanner, outbox, follower, proposals, apply, planner, flush].map((part) => part.counters),
    ) as Record<string, number>;
  }

  #pending(): number {
    const parts = this.#parts;
    if (parts === undefined) return 1;
    const { planner, proposals, apply, outbox, scanner } = parts;
    const seen = scanner.pending ? 1 : 0;
    return planner.pending + proposals.pending + apply.pending + this.#unanswered(outbox) + seen + this.#retry.waiting;
  }

  /** A parked operation is a problem, not pending. */
  #unanswered(outbox: Outbox): number {
    return outbox.open - this.#parked().length;
  }

  #parked(): AgentStatus['problems'] {
    const out: AgentStatus['problems'][number][] = [];
    for (const { operation, parked } of this.#parts?.outbox.flights() ?? [])
      if (parked !== null && operation.kind !== 'none') {
        const path = this.#state.pathOf(operation.node) ?? operation.node;
        out.push({
          path,
          code: parked,
          message: 'The share refuses it for now; it is tried again by itself.',
          since: 0,
        });
      }
    return out;
  }

  #stateName(): AgentState {
    if (this.#halt !== undefined) return 'halted';
    if (this.#paused) return 'paused';
    if (this.#online.offline) return 'offline';
    if (!this.#started) return 'starting';
    return this.#pending() === 0 ? 'idle' : 'syncing';
  }

  #setFlags(): void {
    if (this.#parts === undefined) return;
    const { planner, proposals, outbox, apply } = this.#parts;
    const stopped = this.#paused || this.#halt !== undefined;
    planner.paused = stopped || !this.#started;
    for (const part of [proposals, outbox, apply]) part.paused = stopped;
    for (const part of [planner, proposals, outbox]) part.wake();
  }

  async #guard(): Promise<void> {
    this.#throwIfHalted();
    try {
      await this.#sentinel.check();
    } catch (error) {
      if (error instanceof Halted) this.#haltNow(error.halt);
      throw error;
    }
  }

  async #untilRootIsWell(check: () => Promise<void>): Promise<void> {
    for (;;) {
      this.#abort.signal.throwIfAborted();
      try {
        await check();
        return;
      } catch (error) {
        if (!(error instanceof Halted)) throw error;
        this.#haltNow(error.halt);
        await this.#resumed.promise;
      }
    }
  }

  #haltNow(halt: Halt): void {
    if (this.#halt?.code !== halt.code) this.#options.log.error('halted', { ...halt });
    this.#halt = halt;
    this.#setFlags();
    this.#onProgress();
  }

  #throwIfHalted(): void {
    if (this.#halt !== undefined) throw new Halted(this.#halt);
  }

  /** What nobody foresaw: nothing is done any more, and a person is told. */
  #fatal(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (error instanceof TidewayError && error.code === 'clone') {
      this.#haltNow({
        code: 'clone',
        message: 'Another copy of this endpoint is at work: stop it, or start with a new state.',
      });
      return;
    }
    this.#options.log.error('failed', { error });
    this.#haltNow({ code: 'failed', message: `The agent met what it cannot handle: ${messageOf(error)}. Restart it.` });
  }

  #onProgress(): void {
    this.#lastChange = this.#options.clock.monotonic();
    this.#parts?.planner.wake();
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  async #nextProgress(ms: number): Promise<void> {
    await Promise.race([this.#progress.promise, this.#options.clock.sleep(ms, this.#abort.signal)]);
  }

  async #untilAborted(work: Promise<void>): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([work, aborted]);
  }
}

function epochChanged(epoch: string): Halt {
  return {
    code: 'epoch_changed',
    message: `The share is another one than before (${epoch}): it was restored or replaced. Decide which side is right, then resume.`,
  };
}
