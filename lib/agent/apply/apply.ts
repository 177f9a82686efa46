// Brings the site to what the remote tree says: parents first, otherwise side by side, so that one huge or failing file
// holds up nothing. What the site has is flushed before the synced tree says so: after a power loss a file that is
// not there would else be taken for one that the user deleted.
import { codeOf, TidewayError } from '../../base/errors.ts';
import { rootId, type NodeId, type NodeState } from '../../core/node.ts';
import { afterAction } from '../../core/settle.ts';
import type { Action } from '../../core/trees.ts';
import type { Backend } from '../backend.ts';
import { download, type Downloaded } from './download.ts';
import type { Disk } from './disk.ts';
import type { SiteFs } from '../fs/port.ts';
import type { Online } from '../online.ts';
import { Ordered } from './ordered.ts';
import { Pool } from '../../base/pool.ts';
import { removeTree, type Taken, type TreeRemovalOptions } from './remove-tree.ts';
import { temporaryDir } from './replaced.ts';
import type { Retry } from '../retry.ts';
import type { Site } from './site.ts';
import type { State } from '../state/state.ts';
import { wholeTrees } from './whole-trees.ts';

export interface ApplyOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly backend: Backend;
  readonly online: Online;
  readonly site: Site;
  readonly removal: TreeRemovalOptions;
  readonly disk: Disk;
  readonly retry: Retry;
  readonly signal: AbortSignal;
  /** Resolves when the root is what it should be; rejects with `halted` when it is not. */
  readonly guard: () => Promise<void>;
  /** The log may have a newer row than we know. */
  readonly readLog: () => void;
  readonly onProgress: () => void;
  readonly onFatal: (error: unknown) => void;
}

const downloadsAtOnce = 32;
/** Large files have lanes of their own, so that no number of them holds up a small one. */
const largeAtOnce = 4;
const largeBytes = 8 * 1024 * 1024;
/** Bytes that small downloads may leave unflushed together are bounded by this many files. */
const actionsAtOnce = 512;

export class Apply {
  readonly #options: ApplyOptions;
  readonly #ordered = new Ordered();
  readonly #actions = new Pool(actionsAtOnce);
  readonly #downloads = new Pool(downloadsAtOnce);
  readonly #large = new Pool(largeAtOnce);
  #pending = 0;
  #temporary = 0;
  paused = false;
  readonly counters = { actions: 0, downloads: 0, downloadedBytes: 0, stale: 0 };

  constructor(options: ApplyOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending;
  }

  /** In the planner's order. The nodes are busy from now on. */
  add(actions: readonly Action[]): void {
    const { state } = this.#options;
    const trees = wholeTrees(state, actions);
    const inTrees = new Set([...trees.values()].flatMap((parts) => parts.map(({ node }) => node)));
    for (const action of actions) {
      state.busy.add(action.node);
      this.#pending++;
      const parts = trees.get(action.node);
      if (parts !== undefined) void this.#addTree(action, parts);
      else if (!inTrees.has(action.node)) void this.#addOne(action);
    }
  }

  #addOne(action: Action): Promise<void> {
    const { alone, shared } = this.#keys(action);
    return this.#ordered.run(alone, shared, () => this.#actions.run(() => this.#run(action)));
  }

  /** What the directory shares with whatever is done below it keeps that apart. */
  async #addTree(top: Action, parts: readonly Action[]): Promise<void> {
    const { alone, shared } = this.#keys(top);
    let done = false;
    await this.#ordered.run(alone, shared, async () => {
      done = await this.#actions.run(() => this.#runTree(top, parts));
    });
    if (!done) for (const part of parts) void this.#addOne(part);
  }

  /** What an action meets others at: its node and names alone, and every directory it goes through together with others. */
  #keys(action: Action): { alone: ReadonlySet<string>; shared: ReadonlySet<string> } {
    const { state } = this.#options;
    const alone = new Set<string>([action.node]);
    const shared = new Set<string>();
    const local = state.local(action.node);
    const place = action.kind === 'move' ? action : (state.remote(action.node) ?? local);
    for (const at of [local, place]) if (at !== undefined) alone.add(`${at.parent}/${at.name}`);
    const up = (first: NodeId | undefined, parentOf: (id: NodeId) => NodeId | undefined): void => {
      for (let id = first; id !== undefined && id !== rootId && !shared.has(id); id = parentOf(id)) shared.add(id);
    };
    up(local?.parent, (id) => state.local(id)?.parent);
    up(place?.parent, (id) => (state.local(id) ?? state.remote(id))?.parent);
    for (const key of alone) shared.delete(key);
    return { alone, shared };
  }

  async #run(action: Action): Promise<void> {
    const { state, retry, signal, onFatal, onProgress, readLog } = this.#options;
    const { node } = action;
    try {
      if (this.paused || signal.aborted) return;
      await this.#do(action);
      this.counters.actions++;
      retry.done(node);
    } catch (error) {
      const code = codeOf(error);
      if (signal.aborted) return;
      if (code === '') onFatal(error);
      else if (code !== 'halted') {
        if (code === 'stale') this.counters.stale++;
        if (code === 'changed' || code === 'absent' || code === 'wrong_content') readLog();
        retry.failed(node, this.#pathOf(node), error);
      }
    } finally {
      this.#pending--;
      state.busy.delete(node);
      state.onChange(node);
      onProgress();
    }
  }

  /** False: it cannot go as a whole, and each part is to be tried alone. */
  async #runTree({ node }: Action, parts: readonly Action[]): Promise<boolean> {
    const { state, retry, removal, guard, signal, onFatal, onProgress } = this.#options;
    if (this.paused || signal.aborted) return false;
    const path = this.#pathOf(node);
    try {
      await guard();
      const taken = await removeTree(removal, node);
      await this.#afterTree(taken, parts).catch((error: unknown) => {
        if (signal.aborted || codeOf(error) === '') throw error;
        retry.failed(node, path, error);
      });
      await removal.removed.settle(taken.name);
    } catch (error) {
      if (!signal.aborted && codeOf(error) !== '') return false;
      if (!signal.aborted) onFatal(error);
    }
    this.#pending -= parts.length;
    for (const part of parts) {
      state.busy.delete(part.node);
      state.onChange(part.node);
    }
    onProgress();
    return true;
  }

  async #afterTree({ paths }: Taken, parts: readonly Action[]): Promise<void> {
    const { state, disk, retry } = this.#options;
    await disk.paths(paths);
    state.now(() => {
      for (const { node } of parts) state.setSynced(node, null);
    });
    this.counters.actions += parts.length;
    for (const { node } of parts) retry.done(node);
  }

  async #do(action: Action): Promise<void> {
    const { state, disk, guard } = this.#options;
    const before = state.remote(action.node);
    if (action.kind === 'remove' || action.kind === 'rmdir') await guard();
    const touched = await this.#change(action);
    const local = state.local(action.node);
    await disk.paths(touched);
    state.one(() => {
      const synced = afterAction({ action, remote: before, local }, state.synced(action.node));
      if (synced !== undefined) state.setSynced(action.node, synced);
    });
  }

  /** Answers what is to be flushed. */
  #change(action: Action): Promise<readonly string[]> {
    const { site } = this.#options;
    switch (action.kind) {
      case 'mkdir':
        return site.mkdir(this.#remote(action.node));
      case 'fetch':
      case 'replace':
        return this.#content(action);
      case 'move':
        return site.move(action.node, action.parent, action.name);
      case 'park':
        return site.park(action.node);
      case 'remove':
        return site.remove(action.node);
      case 'rmdir':
        return site.rmdir(action.node);
      case 'attributes':
        return site.attributes(this.#remote(action.node));
    }
  }

  async #content(action: Action): Promise<readonly string[]> {
    const { fs, state, site, disk, signal } = this.#options;
    const node = this.#remote(action.node);
    const temporary = `${temporaryDir}/${node.id}-${++this.#temporary}`;
    const got: Downloaded = await (node.size < largeBytes ? this.#downloads : this.#large).run(() => {
      signal.throwIfAborted();
      return download(this.#options, node, temporary);
    });
    this.counters.downloads++;
    this.counters.downloadedBytes += node.size;
    try {
      if (!got.synced) await disk.all();
      // Only the newest known version gets the name; a newer one has its own action coming.
      if (state.remote(node.id)?.version !== node.version)
        throw new TidewayError('changed', `A newer version of ${node.name} is known`);
      return await (action.kind === 'fetch' ? site.place(node, temporary, got) : site.replace(node, temporary, got));
    } catch (error) {
      if ((await fs.stat(temporary)) !== null) await fs.unlink(temporary);
      throw error;
    }
  }

  #remote(id: NodeId): NodeState {
    const node = this.#options.state.remote(id);
    if (node === undefined) throw new TidewayError('absent', `${id} is gone from the log`);
    return node;
  }

  #pathOf(id: NodeId): string {
    const { state } = this.#options;
    const remote = state.remote(id);
    return state.pathOf(id) ?? (remote === undefined ? id : (state.pathIn(remote.parent, remote.name) ?? remote.name));
  }
}
