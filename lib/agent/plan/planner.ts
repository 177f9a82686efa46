import type { Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { plan } from '../../core/plan.ts';
import { Postponed } from '../../core/postpone.ts';
import { isTemporaryName } from '../../core/temporary-name.ts';
import type { Plan } from '../../core/trees.ts';
import { ours } from '../../protocol/layout.ts';
import type { Apply } from '../apply/apply.ts';
import { beside, type Disk } from '../apply/disk.ts';
import type { Excluded } from '../scan/exclude.ts';
import { isName } from '../fs/names.ts';
import type { SiteFs } from '../fs/port.ts';
import { Pool } from '../../base/pool.ts';
import type { Problems } from '../problems.ts';
import { isSameContent, type Proposals } from '../send/proposals.ts';
import type { Retry } from '../retry.ts';
import { Signal } from '../signal.ts';
import type { Turns } from './stuck.ts';
import type { State } from '../state/state.ts';
import { hashFile } from '../send/upload.ts';
import { Waiting } from './waiting.ts';

export interface PlannerOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly proposals: Proposals;
  readonly apply: Apply;
  readonly retry: Retry;
  readonly disk: Disk;
  readonly problems: Problems;
  readonly excluded: Excluded;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Until when all that was told of the site is in the local tree, in monotonic milliseconds. */
  readonly seen: () => number;
  readonly look: (path: string) => void;
  /** Operations on their way; not those that the share refuses for now, which may take days. */
  readonly unanswered: () => number;
  readonly onFatal: (error: unknown) => void;
}

/** Bounds how long one plan keeps the process from everything else. */
const idsAtOnce = 1000;
const hashesAtOnce = 4;
/** Between two looks at deletes that wait for the scan to catch up. */
const leastWaitMs = 10;
/** Actions that are not done yet: what is beyond stays a node id in the set of dirty ones, which is all it costs. */
const maxActions = 4096;

/** Plans what changed, whenever something changed, and hands it to those who do it. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #dirty = new Set<NodeId>();
  readonly #postponed: Postponed;
  /** Of the dirty ones: deletes that have waited long enough. */
  readonly #ripe = new Set<NodeId>();
  readonly #waiting: Waiting;
  readonly #wake = new Signal();
  readonly #hashes = new Pool(hashesAtOnce);
  /** Nodes with a problem from the planner itself. */
  readonly #troubled = new Set<NodeId>();
  #hashing = 0;
  #alarmed = false;
  #changes = 0;
  #swept = 0;
  paused = true;
  readonly counters = { plans: 0, planned: 0 };

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#waiting = new Waiting(options.state);
    this.#postponed = new Postponed(options.state);
    options.state.onChange = (id) => this.touch(id);
    options.state.holder = (id) => this.#holder(id);
  }

  /** The node is to be planned again. */
  touch(id: NodeId): void {
    this.#changes++;
    this.#dirty.add(id);
    this.#wake.set();
  }

  wake(): void {
    this.#wake.set();
  }

  /** Nodes whose need is not known yet, or is not to be met yet. */
  get pending(): number {
    return this.#dirty.size + this.#postponed.size + this.#hashing;
  }

  /** Who is not to be planned for now. */
  get turns(): Turns {
    return { waiting: this.#waiting, troubled: this.#troubled, changes: this.#changes };
  }

  /** Work that was begun and uses the state. */
  get running(): number {
    return this.#hashing;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const wake = (): void => this.#wake.set();
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      await this.#wake.wait();
      while (!signal.aborted && this.#mayPlan() && this.#hasWork()) {
        this.#planSome();
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#sweep();
    }
    signal.removeEventListener('abort', wake);
  }

  #mayPlan(): boolean {
    const { state, apply } = this.#options;
    // A remote tree that is being read anew is not whole: what is missing in it would look like deleted.
    return !this.paused && state.meta.values.whole && apply.pending < maxActions;
  }

  #hasWork(): boolean {
    if (this.#dirty.size === 0) this.#ripen();
    return this.#dirty.size > 0;
  }

  /** Deletes that have waited long enough are to be planned; when those that have not may be is looked at again. */
  #ripen(): void {
    const { clock, seen } = this.#options;
    const now = clock.monotonic();
    for (const id of this.#postponed.due(now, Math.min(seen(), now))) {
      this.#ripe.add(id);
      this.#dirty.add(id);
    }
    const next = this.#postponed.next();
    if (next !== undefined) void this.#alarm(Math.max(next - now, leastWaitMs));
  }

  /** What waits later than the first alarm is asked about when that goes off. */
  async #alarm(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (this.#alarmed) return;
    this.#alarmed = true;
    await clock.sleep(ms, signal).catch(() => {}); // ends by the signal only
    // A timer that was late because the process was busy comes before the events that came meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    this.#alarmed = false;
    this.#wake.set();
  }

  /** The next nodes to plan. Deletes among them wait for more of their kind. */
  #some(): Set<NodeId> {
    const { state, retry, clock } = this.#options;
    const isFree = (id: NodeId): boolean => !state.busy.has(id) && !retry.waits(id);
    const now = clock.monotonic();
    const ids: NodeId[] = [];
    const kept: NodeId[] = [];
    for (const id of this.#dirty) {
      if (ids.length + kept.length >= idsAtOnce) break;
      this.#dirty.delete(id);
      const ripe = this.#ripe.delete(id);
      // Who has the node in hand, or waits to try it again, reports it when that is over.
      if (!isFree(id)) continue;
      if (!ripe && this.#postponed.take(id, now)) kept.push(id);
      else ids.push(id);
    }
    // What frees a name comes before what takes it.
    const all = new Set([...this.#postponed.hastened().filter(isFree), ...ids, ...kept]);
    this.#waiting.wake(all);
    for (const id of kept) if (this.#postponed.has(id)) all.delete(id);
    return all;
  }

  #planSome(): void {
    const { state, retry, proposals, apply } = this.#options;
    const ids = this.#some();
    if (ids.size === 0) return;
    const next = plan(state, ids);
    this.counters.plans++;
    this.counters.planned += ids.size;
    // In the same turn as the plan: nothing may come between what was read and what follows from it.
    if (next.agreed.length + next.adopted.length > 0) state.now(() => this.#agree(next));
    this.#report(ids, next);
    const isFree = ({ node }: { readonly node: NodeId }): boolean => !state.busy.has(node) && !retry.waits(node);
    for (const { node } of [...next.proposals, ...next.actions]) this.#postponed.planned(node);
    proposals.add(next.proposals.filter(isFree));
    apply.add(next.actions.filter(isFree));
    this.#relieve(ids, next);
    for (const id of next.hash) this.#hash(id);
    for (const id of next.later) {
      const unsettled = state.local(id)?.settled === false;
      if (!state.busy.has(id) && !unsettled) this.#waiting.add(id);
    }
  }

  /** What failed before and needs nothing any more (it was deleted, or came about otherwise) is no problem now. */
  #relieve(ids: ReadonlySet<NodeId>, { proposals, actions, hash, later, problems }: Plan): void {
    const { retry } = this.#options;
    const failed = new Set([...retry.nodes()].filter((id) => ids.has(id)));
    if (failed.size === 0) return;
    for (const { node } of [...proposals, ...actions, ...problems]) failed.delete(node);
    for (const id of [...hash, ...later]) failed.delete(id);
    for (const id of failed) retry.done(id);
  }

  #agree({ agreed, adopted }: Plan): void {
    const { state } = this.#options;
    for (const { id, synced } of agreed) state.setSynced(id, synced);
    for (const { from, to } of adopted) state.rekeyLocal(from, to);
  }

  #report(ids: ReadonlySet<NodeId>, { problems: found }: Plan): void {
    const { state, problems, now } = this.#options;
    for (const id of ids) if (this.#troubled.delete(id)) problems.clear(id);
    for (const { node, code } of found) {
      if (code === 'excluded') continue;
      this.#troubled.add(node);
      const remote = state.remote(node);
      const path = state.pathOf(node) ?? remote?.name ?? node;
      problems.set(node, { path, code, message: `It is left alone (${code}) until it changes.`, since: now() });
    }
  }

  #hash(id: NodeId): void {
    const { state } = this.#options;
    if (state.busy.has(id)) return;
    state.busy.add(id);
    this.#hashing++;
    void this.#hashNow(id);
  }

  async #hashNow(id: NodeId): Promise<void> {
    const { fs, state, retry, disk, look, signal, onFatal } = this.#options;
    let path: string | undefined;
    try {
      const read = await this.#hashes.run(async () => {
        const entry = state.local(id);
        path = state.pathOf(id);
        if (entry === undefined || path === undefined || signal.aborted) return undefined;
        return { entry, ...(await beside(disk.file(path, entry), hashFile(fs, path, entry))) };
      });
      if (read === undefined) return;
      const { entry, done: hash, flushed } = read;
      // Outside the pool: while this one waits for the disk others are read.
      const onDisk = await flushed;
      if (hash === 'changed' || !onDisk) {
        look(path ?? '');
        retry.later(id);
        return;
      }
      state.now(() => {
        const now = state.local(id);
        if (now !== undefined && isSameContent(now, entry)) state.setLocal(id, { ...now, hash });
      });
      retry.done(id);
    } catch (error) {
      if (signal.aborted) return;
      if (codeOf(error) === '') onFatal(error);
      else {
        look(path ?? '');
        retry.failed(id, path ?? id, error);
      }
    } finally {
      this.#hashing--;
      state.busy.delete(id);
      this.touch(id);
    }
  }

  /** When nothing is under way any more, whoever still waits is looked at once more: it must not wait for ever. */
  #sweep(): void {
    const { proposals, apply, unanswered } = this.#options;
    if (this.#waiting.size === 0 || this.#dirty.size + this.#postponed.size > 0 || !this.#mayPlan()) return;
    if (proposals.pending + apply.pending + this.#hashing + unanswered() > 0) return;
    if (this.#swept === this.#changes) return;
    for (const id of this.#waiting.all()) this.touch(id);
    this.#swept = this.#changes;
  }

  /** Names come from other sites, so they are not believed (I25): what leads elsewhere is not touched, nor what is below. */
  #holder(id: NodeId): string | undefined {
    const { state, excluded } = this.#options;
    const remote = state.remote(id);
    const name = remote?.name ?? state.local(id)?.name;
    if (name === undefined) return undefined;
    if (!isName(name)) return 'name_invalid';
    if (name === ours && remote?.parent === rootId) return 'name_reserved';
    // Where this site itself had the node wait, it is to go on from, whatever the name looks like.
    const isWaiting = state.synced(id)?.name === name && isTemporaryName(name, id);
    return excluded(name) && !isWaiting ? 'excluded' : undefined;
  }
}
