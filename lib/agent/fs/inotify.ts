import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf, must } from '../../base/errors.ts';
import { pathOnly, type Native, type WatchHandle } from './binding.ts';
import { fromErrno } from './errors.ts';
import { flag, parseEvents, type InotifyEvent } from './inotify-events.ts';
import { WatchBatch } from './watch-batch.ts';
import { asPaths, checkPath, joinPath, splitPath } from './names.ts';
import type { StartWatch, Watch, WatchEvent } from './watch-port.ts';
import { WatchedTree } from './watched-tree.ts';

const mask =
  flag.modify |
  flag.attrib |
  flag.closeWrite |
  flag.movedFrom |
  flag.movedTo |
  flag.create |
  flag.delete |
  flag.deleteSelf |
  flag.exclUnlink;

/**
 * Watches below the directory `rootFd` is open on; it stays the caller's, and must outlive the watch. `root` is its real
 * path. Errors: EMFILE, when this user has too many queues (fs.inotify.max_user_instances) or files.
 */
export function inotify(native: Native, root: string, rootFd: number): StartWatch {
  return async (onEvents) => {
    const watch = new Inotify(native, rootFd, onEvents);
    await watch.guard(root);
    return watch;
  };
}

class Inotify implements Watch {
  readonly #native: Native;
  readonly #rootFd: number;
  readonly #handle: WatchHandle;
  readonly #onEvents: (events: readonly WatchEvent[]) => void;
  readonly #tree = new WatchedTree();
  readonly #adding = new Set<Addition>();
  /** Batches that wait for descriptors which are being learnt; while there is one, later ones wait behind it. */
  #held: Promise<void> | undefined;
  #parent: { readonly wd: number; readonly leaf: string } | undefined;
  #limited = false;
  #gone = false;
  #closed = false;

  constructor(native: Native, rootFd: number, onEvents: (events: readonly WatchEvent[]) => void) {
    this.#native = native;
    this.#rootFd = rootFd;
    this.#onEvents = onEvents;
    const started = native.watchStart((bytes) => this.#receive(parseEvents(bytes)));
    if (typeof started === 'number') throw fromErrno(started, 'inotify_init');
    this.#handle = started;
  }

  /**
   * A removed directory says so itself only once nobody has it open, and the root is held open. So its parent is asked
   * to tell. Where that may not be watched the next scan finds the sentinel gone.
   */
  async guard(root: string): Promise<void> {
    const { parent, leaf } = splitPath(root);
    if (leaf === '') return;
    const fd = await promisify(open)(parent === '' ? '/' : parent, pathOnly | constants.O_DIRECTORY);
    const wds = await this.#native.watchAdd(this.#handle, fd, asPaths(['']), flag.delete);
    await promisify(close)(fd);
    const wd = descriptor(wds, 0);
    if (wd >= 0) this.#parent = { wd, leaf };
  }

  async add(...dirs: readonly string[]): Promise<void> {
    for (const dir of dirs) checkPath(dir, 'inotify_add_watch', true);
    if (this.#closed) return;
    const below = dirs.filter((dir) => dir !== '');
    const root = below.length < dirs.length ? this.#add([''], mask | flag.moveSelf) : [];
    const placed = await Promise.allSettled([...root, ...(below.length > 0 ? this.#add(below, mask) : [])]);
    for (const each of placed) if (each.status === 'rejected') throw each.reason;
  }

  #add(dirs: readonly string[], own: number): readonly Promise<void>[] {
    const answer = this.#native.watchAdd(this.#handle, this.#rootFd, asPaths(dirs), own);
    return dirs.map((dir, index) => {
      const placed = answer.then((wds) => this.#place(addition, descriptor(wds, index)));
      const addition: Addition = { dir, moved: false, placed };
      this.#adding.add(addition);
      return placed;
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.watchStop(this.#handle);
    await this.#settled();
  }

  #place(addition: Addition, wd: number): void {
    const { dir, moved } = addition;
    this.#adding.delete(addition);
    if (wd >= 0) {
      if (!moved) this.#tree.place(dir, wd);
      else if (!this.#tree.has(wd) && !this.#closed) this.#native.watchRemove(this.#handle, wd);
      return;
    }
    const error = fromErrno(wd, 'inotify_add_watch', dir);
    const code = codeOf(error);
    if (code === 'ENOSPC') this.#limit(dir);
    // Gone, or no directory any more: the scan that asked for it will see that too.
    else if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([...this.#adding].map(({ placed }) => placed));
  }

  #limit(path: string): void {
    if (this.#limited || this.#closed) return;
    this.#limited = true;
    this.#onEvents([{ kind: 'limit', path }]);
  }

  /**
   * RACE: the first events of a directory can arrive before the answer that tells its descriptor. Such a batch waits for
   * the additions now under way; a descriptor that none of them explains belongs to a directory that is gone.
   */
  #receive(events: readonly InotifyEvent[]): void {
    if (this.#closed) return;
    const unexplained =
      this.#adding.size > 0 && events.some(({ wd }) => wd >= 0 && wd !== this.#parent?.wd && !this.#tree.has(wd));
    if (this.#held === undefined && !unexplained) {
      this.#emit(events);
      return;
    }
    const explained = unexplained ? this.#settled() : undefined;
    const held = Promise.all([this.#held, explained]).then(() => {
      if (this.#held === held) this.#held = undefined;
      if (!this.#closed) this.#emit(events);
    });
    this.#held = held;
  }

  #emit(events: readonly InotifyEvent[]): void {
    const batch = new WatchBatch();
    const arrivals = new Map(
      events.flatMap((event, index) => ((event.mask & flag.movedTo) !== 0 ? [[event.cookie, index] as const] : [])),
    );
    const joined = new Set<number>();
    for (const [index, event] of events.entries()) {
      if (!joined.has(index)) this.#translate(event, index, events, arrivals, joined, batch);
    }
    const told = batch.end();
    if (told.length > 0) this.#onEvents(told);
  }

  #translate(
    event: InotifyEvent,
    index: number,
    events: readonly InotifyEvent[],
    arrivals: ReadonlyMap<number, number>,
    joined: Set<number>,
    batch: WatchBatch,
  ): void {
    const is = (bits: number): boolean => (event.mask & bits) !== 0;
    if (is(flag.overflow)) {
      batch.add({ kind: 'overflow' });
      return;
    }
    if (is(flag.ignored | flag.unmount | flag.deleteSelf | flag.moveSelf)) {
      if (this.#tree.isRoot(event.wd)) this.#lost(batch);
      if (is(flag.ignored)) this.#tree.drop(event.wd);
      return;
    }
    if (event.wd === this.#parent?.wd) {
      if (event.name === this.#parent.leaf) this.#lost(batch);
      return;
    }
    const dir = this.#tree.pathOf(event.wd);
    if (dir === undefined) return;
    const path = event.name === '' ? dir : joinPath(dir, event.name);
    if (is(flag.movedFrom)) {
      const arrival = arrivals.get(event.cookie);
      const other = arrival === undefined || arrival < index ? undefined : events[arrival];
      const target = other === undefined ? undefined : this.#tree.pathOf(other.wd);
      if (arrival !== undefined && other !== undefined && target !== undefined) {
        joined.add(arrival);
        const to = joinPath(target, other.name);
        if (is(flag.directory)) this.#moveDirectory(path, to, batch);
        batch.add({ kind: 'moved', from: path, to });
        return;
      }
      // Out of what is watched: its watches would go on telling of it under its old name.
      if (is(flag.directory)) {
        this.#disturb(path);
        this.#forget(path);
      }
    }
    if (is(flag.closeWrite)) batch.add({ kind: 'closed', path });
    else batch.add({ kind: is(flag.modify) ? 'written' : 'changed', path });
  }

  #lost(batch: WatchBatch): void {
    if (!this.#gone) batch.add({ kind: 'gone' });
    this.#gone = true;
  }

  /**
   * A directory that was watched at the target was empty and is gone, or the two were exchanged: from the events alone
   * that cannot be told. So neither is believed, and both are scanned.
   */
  #moveDirectory(from: string, to: string, batch: WatchBatch): void {
    if (this.#disturb(from)) batch.unsure(to);
    if (this.#tree.knows(to)) {
      this.#forget(from);
      this.#forget(to);
      batch.unsure(from, to);
    } else {
      this.#tree.move(from, to);
    }
  }

  /**
   * RACE: a directory that is being watched may have been reached before it, or one above it, was moved away; then its
   * path is not this one any more. Such an addition counts for nothing, and where the directory went is scanned.
   */
  #disturb(from: string): boolean {
    const below = [...this.#adding].filter(({ dir }) => dir === from || dir.startsWith(`${from}/`));
    for (const addition of below) addition.moved = true;
    return below.length > 0;
  }

  #forget(path: string): void {
    for (const wd of this.#tree.remove(path)) this.#native.watchRemove(this.#handle, wd);
  }
}

/** A directory on its way to be watched. */
interface Addition {
  readonly dir: string;
  readonly placed: Promise<void>;
  moved: boolean;
}

/** Of one directory, or -errno. */
function descriptor(wds: ArrayBuffer | number, index: number): number {
  return typeof wds === 'number' ? wds : must(new Int32Array(wds)[index], 'one for each path');
}
