// What the agent does to its own site, one function an action. Each looks again at what it is about to touch, because
// users work there at the same time; what it finds otherwise than expected is `stale`, and left to the next scan and plan.
import { codeOf } from '../../base/errors.ts';
import type { Known } from '../../core/identify.ts';
import { contentSince } from '../../core/compare.ts';
import type { Attributes, NodeId, NodeState } from '../../core/node.ts';
import { temporaryName } from '../../core/temporary-name.ts';
import type { AttributeSetter } from './attributes.ts';
import type { Downloaded } from './download.ts';
import { entryOf, isThis, modeOf, sameVersion } from './entry.ts';
import { isName, splitPath } from '../fs/names.ts';
import type { FileStat, SiteFs } from '../fs/port.ts';
import type { Replaced } from './replaced.ts';
import { isInode } from '../scan/round.ts';
import { Stale } from './stale.ts';
import type { State } from '../state/state.ts';
import type { Touched } from '../scan/touched.ts';

export interface SiteOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly touched: Touched;
  readonly replaced: Replaced;
  readonly attributes: AttributeSetter;
  readonly look: (path: string) => void;
}

/**
 * Every method resolves when the local tree tells what was done, with the paths that hold it: the caller flushes these and
 * then moves the synced tree.
 */
export class Site {
  readonly #fs: SiteFs;
  readonly #state: State;
  readonly #options: SiteOptions;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#fs = options.fs;
    this.#state = options.state;
  }

  async mkdir(node: NodeState): Promise<readonly string[]> {
    const path = this.#pathIn(node.parent, node.name);
    await this.#at([node], path, async () => {
      this.#checkFree(node, path);
      await this.#fs.mkdir(path, 0o700);
      const made = await this.#stat(path);
      const { seen } = await this.#options.attributes.set(path, node, made);
      await this.#fs.chmod(path, modeOf(made, node));
      const stat = await this.#stat(path);
      this.#setLocal(entryOf(node, stat, null, seen));
    });
    return [path, parentOf(path)];
  }

  /** A new file or link: `temporary` holds its content, flushed. */
  async place(node: NodeState, temporary: string, { hash, stat }: Downloaded): Promise<readonly string[]> {
    const path = this.#pathIn(node.parent, node.name);
    let changed = false;
    await this.#at([node], path, async () => {
      this.#checkFree(node, path);
      const set = await this.#options.attributes.set(temporary, node, stat);
      changed = set.changed;
      await this.#fs.rename(temporary, path, false);
      await this.#record(node, path, hash, stat, set.seen);
    });
    return changed ? [path, parentOf(path)] : [parentOf(path)];
  }

  /** New content for a file or link that is here. The name always leads to the old or to the new content, whole (I16). */
  async replace(node: NodeState, temporary: string, { hash, stat }: Downloaded): Promise<readonly string[]> {
    const entry = this.#unchanged(node.id);
    const path = this.#pathIn(entry.parent, entry.name);
    let aside: string | undefined;
    let changed = false;
    try {
      await this.#at([entry], path, async () => {
        await this.#check(entry, path);
        // What the log does not say of the new one stays as it was with the old one.
        const { attributes } = this.#options;
        const set = await attributes.set(temporary, node, stat, await attributes.read(path));
        const access = node.kind === 'file' && (await this.#fs.copyAccess(path, temporary));
        changed = set.changed || access;
        if (this.#fs.capabilities.atomicRename) {
          // The exchange takes out whatever is there, so that even a file put there a moment ago is set aside, not lost.
          aside = this.#options.replaced.pathFor(entry, stat);
          await this.#fs.rename(temporary, aside, false);
          await this.#fs.exchange(aside, path);
        } else {
          // RACE: a file that is renamed to this name between the two calls is lost. Without an atomic exchange the kernel
          // offers nothing better; what is written to the known file meanwhile is kept by its second name.
          aside = this.#options.replaced.pathFor(entry, null);
          await this.#fs.link(path, aside);
          await this.#fs.rename(temporary, path, true);
        }
        await this.#record({ ...node, parent: entry.parent, name: entry.name }, path, hash, stat, set.seen);
      });
    } finally {
      // Also after an error: whatever is there now, new content that found no name or an old one that is still written to.
      if (aside !== undefined) await this.#options.replaced.settle(aside, entry.parent, entry.name);
    }
    return changed ? [path, parentOf(path)] : [parentOf(path)];
  }

  async remove(id: NodeId): Promise<readonly string[]> {
    const entry = this.#unchanged(id);
    const path = this.#pathIn(entry.parent, entry.name);
    const aside = this.#options.replaced.pathFor(entry, null);
    await this.#at([entry], path, async () => {
      await this.#check(entry, path);
      await this.#fs.rename(path, aside, false);
      this.#state.now(() => this.#state.setLocal(id, null));
      this.#options.attributes.forget(entry);
    });
    await this.#options.replaced.settle(aside, entry.parent, entry.name);
    return [parentOf(path)];
  }

  async rmdir(id: NodeId): Promise<readonly string[]> {
    const entry = this.#expected(id);
    const path = this.#pathIn(entry.parent, entry.name);
    await this.#at([entry], path, async () => {
      // What was in it and is not on the disk any more may have moved: without its directory nobody would look for it.
      if (this.#state.countLocal(id, 1) > 0) throw this.#stale(path);
      await this.#fs.rmdir(path);
      this.#state.now(() => this.#state.setLocal(id, null));
    });
    return [parentOf(path)];
  }

  async move(id: NodeId, parent: NodeId, name: string): Promise<readonly string[]> {
    const entry = this.#expected(id);
    const from = this.#pathIn(entry.parent, entry.name);
    const to = this.#pathIn(parent, name);
    await this.#at([entry, { parent, name }], to, async () => {
      this.#checkFree({ id, parent, name }, to);
      const before = await this.#fs.stat(from);
      if (before === null || !isThis(entry, before)) throw this.#stale(from);
      await this.#fs.rename(from, to, false);
      const after = await this.#stat(to);
      // The rename sets ctime, so what may hide behind that is asked for before it.
      const untouched =
        entry.kind === 'directory' || (before.ctimeNs.toString() === entry.ctime && sameVersion(entry, after));
      const ctime = untouched ? after.ctimeNs.toString() : unknownTime;
      this.#setLocal({ ...entry, parent, name, ctime });
      if (!untouched) this.#options.look(to);
    });
    return [...new Set([parentOf(to), parentOf(from)])];
  }

  async park(id: NodeId): Promise<readonly string[]> {
    const entry = this.#expected(id);
    return this.move(id, entry.parent, temporaryName(entry.name, id));
  }

  /** Mode, owner, group and extended attributes, and of a file or link mtime, as the remote tree says. */
  async attributes(node: NodeState): Promise<readonly string[]> {
    const { attributes } = this.#options;
    const entry = this.#unchanged(node.id);
    const path = this.#pathIn(entry.parent, entry.name);
    await this.#at([entry], path, async () => {
      const before = await this.#check(entry, path);
      if (entry.kind !== 'link' && entry.mode !== node.mode) await this.#fs.chmod(path, modeOf(before, node));
      const { seen } = await attributes.set(path, node, before, await attributes.read(path));
      if (entry.kind !== 'directory' && entry.mtime !== node.mtime) await this.#fs.utimes(path, BigInt(node.mtime));
      const stat = await this.#stat(path);
      if (!isInode(entry, stat) || (entry.kind === 'file' && stat.size !== entry.size)) throw this.#stale(path);
      this.#setLocal(entryOf({ ...node, parent: entry.parent, name: entry.name }, stat, entry.hash, seen));
    });
    return [path];
  }

  /** Does `work` while scans leave the names alone. What was stale is looked at again. */
  async #at(
    places: readonly { readonly parent: NodeId; readonly name: string }[],
    path: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const { touched, look } = this.#options;
    for (const { parent, name } of places) touched.begin(parent, name);
    try {
      await work();
    } catch (error) {
      const code = codeOf(error);
      // Somebody was quicker. Whatever is there now, the scan says.
      if (overtaken.has(code)) {
        look(path);
        throw new Stale(`${path} is not as it was`, { cause: error });
      }
      throw error;
    } finally {
      for (const { parent, name } of places) touched.end(parent, name);
    }
  }

  /**
   * The local tree has one entry for a name. Another one there, of which the disk may know nothing any more, has gone or
   * moved unheard: a scan finds out first, which would never ask for it again once the name is somebody else's.
   */
  #checkFree({ id, parent, name }: Pick<NodeState, 'id' | 'parent' | 'name'>, path: string): void {
    const there = this.#state.localAt(parent, name);
    if (there !== undefined && there.id !== id) throw this.#stale(path);
  }

  async #check(entry: Known, path: string): Promise<FileStat> {
    const stat = await this.#fs.stat(path);
    const same =
      stat !== null &&
      isThis(entry, stat) &&
      (entry.kind === 'directory' || (sameVersion(entry, stat) && stat.ctimeNs.toString() === entry.ctime));
    if (!same) throw this.#stale(path);
    return stat;
  }

  /** The stat right after the rename goes into the local tree, so that the own write does not come back as an edit. */
  async #record(node: NodeState, path: string, hash: string, written: FileStat, seen: Attributes): Promise<void> {
    const stat = await this.#stat(path);
    const entry = entryOf(node, written, hash, seen);
    const own = sameVersion(entry, stat);
    // Somebody wrote (or put another file here) in this very moment: keep what was ours, so that the scan sees the edit.
    this.#setLocal(own ? entryOf(node, stat, hash, seen) : { ...entry, ctime: unknownTime });
    if (!own) this.#options.look(path);
  }

  #setLocal(entry: Known): void {
    this.#state.one(() => this.#state.setLocal(entry.id, entry));
  }

  async #stat(path: string): Promise<FileStat> {
    const stat = await this.#fs.stat(path);
    if (stat === null) throw this.#stale(path);
    return stat;
  }

  /** With the content that was agreed: a scan may have found a newer one since this was planned (I6). */
  #unchanged(id: NodeId): Known {
    const entry = this.#expected(id);
    const synced = this.#state.synced(id);
    if (!entry.settled || synced === undefined || contentSince(entry, synced) !== 'same')
      throw new Stale(`${id} has changed here`);
    return entry;
  }

  #expected(id: NodeId): Known {
    const entry = this.#state.local(id);
    if (entry === undefined) throw new Stale(`${id} is gone`);
    return entry;
  }

  #pathIn(parent: NodeId, name: string): string {
    if (!isName(name)) throw new Stale(`${JSON.stringify(name)} is no name`);
    const path = this.#state.pathIn(parent, name);
    if (path === undefined) throw new Stale(`the directory of ${name} is not here`);
    return path;
  }

  #stale(path: string): Stale {
    return new Stale(`${path} is not as it was`);
  }
}

/** ELOOP: a directory on the way is a symbolic link by now, EXDEV: another volume. */
const overtaken: ReadonlySet<string> = new Set([
  'stale',
  'EEXIST',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
  'EISDIR',
  'ELOOP',
  'EXDEV',
]);

function parentOf(path: string): string {
  return splitPath(path).parent;
}

/** No ctime a file system gives: makes the next look see a difference. */
const unknownTime = '-1';
