// One endpoint. The way of a change out: watch and scan (scan.ts) -> local tree -> planner.ts -> proposals.ts (uploads)
// -> outbox.ts -> the queue. The way in: follow.ts (the log) -> remote tree -> planner.ts -> apply.ts (downloads) -> the
// site. What both agree on is the synced tree, written by the planner, by outcomes and after actions. Everything is
// passed in, so that all of it runs in a simulator.
import { once } from 'node:events';
import { TidewayError } from '../base/errors.ts';
import { randomHex } from '../base/random.ts';
import type { AgentOptions } from './agent-options.ts';
import { Consent } from './safety/consent.ts';
import { epochChanged, namespaceShrunk, type Halt } from './safety/halt.ts';
import { isInSync, tellStuck } from './in-sync.ts';
import { Online } from './online.ts';
import { assemble, conflictsOf, countersOf, parkedOf, pendingOf, unansweredOf, type Parts } from './parts.ts';
import { Problems } from './problems.ts';
import { recover } from './apply/recover.ts';
import { Retry } from './retry.ts';
import { reunite, takesBack } from './safety/reunite.ts';
import { isFinal, Safety } from './safety/safety.ts';
import { Sentinel } from './safety/sentinel.ts';
import { State } from './state/state.ts';
import { forgetUnproven } from './safety/unproven.ts';
import type { AgentState, AgentStatus } from './status.ts';

export type { AgentOptions } from './agent-options.ts';

export interface Agent {
  status(): AgentStatus;
  /** The same as in the status, at no cost. */
  readonly halt: Halt | undefined;
  /** Resolves when a full scan that began after the call is done. */
  rescan(): Promise<void>;
  /**
   * True once the endpoint is in sync: rescanned after the call began, nothing pending either way, and the cursor at the
   * head read after that rescan. False when `deadline` (ms of the clock's `monotonic`) passes before, or the agent is
   * stopped. Problems are not pending. Rejects with `Halted` (code `halted`) while the endpoint is halted.
   */
  settled(deadline: number): Promise<boolean>;
  /**
   * Goes on after a pause, and after a halt whose cause is gone: it is looked at again. After `epoch_changed` it says that
   * the share is the right one: both sides are merged, and nothing is deleted (see consent.ts for the others).
   */
  resume(): Promise<void>;
  pause(): void;
  /** Ends all work, leaves files whole and the state closed. Safe to call twice. */
  stop(): Promise<void>;
  counters(): Readonly<Record<string, number>>;
}

/**
 * Errors: those of the state file (see `openDatabase`), and `state_foreign` where it is another endpoint's. `state` is for
 * a simulator, which must keep it over the death of an agent.
 */
export async function startAgent(options: AgentOptions, state: State = new State(options.stateFile)): Promise<Agent> {
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

/** How long after the last change the log is polled at the shorter interval. */
const activeMs = 30_000;
/** What is written to the state outlives the process after this. */
const saveMs = 50;

class Endpoint implements Agent {
  readonly #options: AgentOptions;
  readonly #state: State;
  readonly #abort = new AbortController();
  readonly #problems = new Problems();
  readonly #online: Online;
  readonly #retry: Retry;
  readonly #sentinel: Sentinel;
  readonly #safety: Safety;
  readonly #consent: Consent;
  readonly #running: Promise<void>;
  #parts: Parts | undefined;
  #started = false;
  #progress = Promise.withResolvers<void>();
  #lastChange = -Infinity;
  #inSyncAsOf = 0;

  constructor(options: AgentOptions, state: State) {
    this.#options = options;
    this.#state = state;
    const { clock } = options;
    const signal = this.#abort.signal;
    this.#online = new Online({ ...options, signal });
    this.#retry = new Retry({ clock, signal, problems: this.#problems, again: (id) => this.#parts?.planner.touch(id) });
    this.#sentinel = new Sentinel(options.fs, state, options.endpoint, options.random);
    this.#consent = new Consent({ ...options, state, online: this.#online, outbox: () => this.#parts?.outbox });
    const onChange = (): void => this.#setFlags();
    // What was sent while it was held, nobody took.
    const onLifted = (): void => this.#parts?.outbox.resend(state.meta.values.incarnation, 0);
    this.#safety = new Safety({ sentinel: this.#sentinel, log: options.log, signal, onChange, onLifted });
    state.writes.onOpen = () => void this.#saveSoon();
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { fs, clock, log } = this.#options;
    const { signal } = this.#abort;
    const { lack } = fs.capabilities;
    if (lack !== undefined) {
      log.warn(lack.code, { message: lack.message });
      this.#problems.set(lack.code, { path: '', ...lack, since: clock.now() });
    }
    try {
      const settings = await this.#safety.until(() => this.#consent.introduce());
      await this.#safety.until(() => this.#sentinel.claim());
      const parts = assemble({
        options: this.#options,
        settings,
        state: this.#state,
        online: this.#online,
        retry: this.#retry,
        problems: this.#problems,
        signal,
        guard: () => this.#safety.guard(),
        verifyRoot: () => this.#safety.verifyRoot(),
        checkRoot: () => this.#safety.until(() => this.#sentinel.check()),
        onProgress: () => this.#onProgress(),
        onFatal: (error) => this.#safety.fatal(error),
        onEpochChanged: (epoch) => this.#safety.haltFor(epochChanged(epoch)),
        onHeld: (halt) => this.#safety.setHeld(halt),
        starting: () => !this.#started,
        onShrunk: () => this.#safety.haltFor(namespaceShrunk(this.#state.lost.there())),
        onHead: () => this.#onHead(),
        active: () => this.#options.clock.monotonic() - this.#lastChange < activeMs,
      });
      this.#parts = parts;
      if (this.#state.meta.values.shrunk) this.#safety.haltFor(namespaceShrunk(this.#state.lost.there()));
      const checkRoot = (): Promise<void> => this.#sentinel.check();
      await this.#safety.until(() => recover({ ...parts, fs, checkRoot }));
      const { scanner, outbox, follower, proposals, planner, replaced } = parts;
      const loops = [scanner, outbox, follower, proposals, planner, replaced].map((part) => part.run(signal));
      await Promise.all([...loops, this.#begin(parts)].map((loop) => loop.catch((error) => this.#safety.fatal(error))));
    } catch (error) {
      this.#safety.fatal(error);
    }
  }

  /** First both trees as they are now, then the first plan: else what is here already would be fetched again. */
  async #begin({ scanner, follower, planner, outbox }: Parts, resumed = takesBack(outbox)): Promise<void> {
    const { signal } = this.#abort;
    await this.#untilAborted(Promise.all([scanner.full(), follower.toHead()]));
    if (resumed) await reunite(this.#state, outbox, this.#options.clock, signal);
    if (signal.aborted) return;
    forgetUnproven(this.#state, this.#options.log);
    const unequal = await this.#state.unequal();
    if (signal.aborted) return;
    for (const id of unequal) planner.touch(id);
    this.#started = true;
    this.#setFlags();
  }

  get halt(): Halt | undefined {
    return this.#safety.halt;
  }

  status(): AgentStatus {
    const parts = this.#parts;
    return {
      state: this.#stateName(),
      cursor: this.#state.meta.values.cursor,
      pendingUploads: parts === undefined ? 0 : parts.proposals.pending + unansweredOf(parts),
      pendingDownloads: parts === undefined ? 0 : parts.apply.pending,
      pending: parts === undefined ? 0 : pendingOf(parts),
      problems: [...this.#problems.all(), ...(parts === undefined ? [] : parkedOf(parts, this.#state))],
      conflicts: conflictsOf(this.#state),
      files: this.#state.countFiles(),
      halt: this.#safety.halt,
      inSyncAsOf: this.#inSyncAsOf,
    };
  }

  async rescan(): Promise<void> {
    for (; this.#parts === undefined; await this.#nextProgress(10)) this.#safety.throwIfHalted();
    await this.#parts.scanner.full();
  }

  async settled(deadline: number): Promise<boolean> {
    const { clock } = this.#options;
    const { signal } = this.#abort;
    const scan = { done: false };
    const scanned = this.rescan().then(() => {
      scan.done = true;
    });
    scanned.catch(() => {}); // heard below, unless a halt ends this first
    try {
      while (clock.monotonic() < deadline) {
        this.#safety.throwIfHalted();
        if (scan.done && (await this.#isInSync(deadline))) return true;
        await Promise.race([scan.done ? this.#nextProgress(10) : scanned, this.#nextProgress(50)]);
      }
      if (this.#parts !== undefined) tellStuck(this.#parts, { state: this.#state, log: this.#options.log });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return false;
  }

  async #isInSync(deadline: number): Promise<boolean> {
    const { clock, log } = this.#options;
    if (this.#parts === undefined || !this.#started) return false;
    const began = clock.now();
    const asking = { state: this.#state, clock, log, signal: this.#abort.signal };
    if (!(await isInSync(this.#parts, asking, deadline))) return false;
    this.#inSyncAsOf = began;
    return true;
  }

  async resume(): Promise<void> {
    const { halt } = this.#safety;
    const anew = halt !== undefined && !isFinal(halt);
    if (anew) await this.#consent.takeBack();
    await this.#consent.give(halt);
    if (anew) this.#started = false;
    await this.#safety.resume(this.#parts !== undefined);
    this.#parts?.follower.read();
    if (anew && this.#parts !== undefined)
      void this.#begin(this.#parts, true).catch((error) => this.#safety.fatal(error));
  }

  pause(): void {
    this.#safety.paused = true;
    this.#setFlags();
  }

  async stop(): Promise<void> {
    if (this.#abort.signal.aborted) return this.#running;
    this.#abort.abort(new TidewayError('stopped', 'The agent is stopping'));
    await this.#running;
    const parts = this.#parts;
    // What was begun ends by the signal, or with its next call of the file system.
    while (parts !== undefined && parts.proposals.running + parts.apply.pending + parts.planner.running > 0)
      await new Promise((resolve) => setImmediate(resolve));
    await this.#state.writes.durable().catch((error: unknown) => this.#options.log.error('state_not_saved', { error }));
    this.#state.close();
  }

  counters(): Readonly<Record<string, number>> {
    const { counters } = this.#state.writes;
    return this.#parts === undefined ? counters : { ...counters, ...countersOf(this.#parts) };
  }

  #stateName(): AgentState {
    if (this.#safety.halt !== undefined) return 'halted';
    if (this.#safety.paused) return 'paused';
    if (this.#online.offline) return 'offline';
    if (!this.#started || this.#parts === undefined) return 'starting';
    return pendingOf(this.#parts) === 0 ? 'idle' : 'syncing';
  }

  #setFlags(): void {
    if (this.#parts === undefined) return;
    const { planner, proposals, outbox, apply } = this.#parts;
    const { standsStill } = this.#safety;
    // The outbox has nothing that a look could make wrong: what is old is asked for, and what is not wanted was taken back.
    outbox.paused = standsStill;
    for (const part of [planner, proposals, apply]) part.paused = standsStill || !this.#started;
    for (const part of [planner, proposals, outbox]) part.wake();
    this.#onProgress();
  }

  async #saveSoon(): Promise<void> {
    await this.#options.clock.sleep(saveMs, this.#abort.signal).catch(() => {}); // ends by the signal only
    if (this.#abort.signal.aborted) return;
    try {
      this.#state.writes.save();
    } catch (error) {
      this.#safety.fatal(error);
    }
  }

  #onHead(): void {
    if (this.#started && !this.#safety.standsStill && this.#parts !== undefined && pendingOf(this.#parts) === 0)
      this.#inSyncAsOf = this.#options.clock.now();
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

  async #untilAborted(work: Promise<unknown>): Promise<void> {
    const { signal } = this.#abort;
    if (!signal.aborted) await Promise.race([work, once(signal, 'abort')]);
  }
}
