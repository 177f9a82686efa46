// A directory that others deleted goes from the site at once, with all that is in it: one rename into `.tideway/removed`,
// beside a note of what it held. What still is there as the note says is dropped, each file as any that is replaced; what
// is not is somebody's work of this very moment, and gets its place back. The note is all that this needs after a crash.
import type { Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { bringBack } from './bring-back.ts';
import type { Log } from '../../base/log.ts';
import { eachBounded } from '../../base/pool.ts';
import type { Known } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import { ours } from '../../protocol/layout.ts';
import { sameVersion, type Version } from './entry.ts';
import { joinPath, splitPath } from '../fs/names.ts';
import type { Entry, SiteFs } from '../fs/port.ts';
import type { Replaced } from './replaced.ts';
import type { State } from '../state/state.ts';

export const removedDir = `${ours}/removed`;

/** A file or link of a removed directory, as it was agreed. */
interface Item extends Version {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
}

interface Note {
  /** Where the directory was: its parent, and its path below the root, should that be gone too. */
  readonly parent: NodeId;
  readonly name: string;
  readonly path: string;
  /** By path below the directory. */
  readonly items: Readonly<Record<string, Item>>;
}

export interface RemovedOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly replaced: Replaced;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly server: string;
  readonly look: (path: string) => void;
}

const width = 16;
const againMs = 1000;
const maxAgainMs = 3600_000;

export class Removed {
  readonly #options: RemovedOptions;
  #count = 0;

  constructor(options: RemovedOptions) {
    this.#options = options;
  }

  /**
   * Takes the directory at `path` out of the site, after a note of `items` (by path below it) is on disk. Answers what
   * `settle` wants. Errors: those of the file system; then it stands where it stood.
   */
  async take(top: Known, path: string, items: ReadonlyMap<string, Known>): Promise<string> {
    const { fs } = this.#options;
    const name = `${top.id}-${++this.#count}`;
    const plain = [...items].map(([at, { id, parent, name: own, size, statMtime, inode, born }]) => {
      const item: Item = { id, parent, name: own, size, statMtime, inode, born };
      return [at, item] as const;
    });
    const note: Note = { parent: top.parent, name: top.name, path, items: Object.fromEntries(plain) };
    const file = await fs.create(noteOf(name), 0o600);
    try {
      try {
        await file.write(0, Buffer.from(JSON.stringify(note)));
        await file.sync();
      } finally {
        await file.close();
      }
      await fs.rename(path, `${removedDir}/${name}`, false);
    } catch (error) {
      await fs.unlink(noteOf(name));
      throw error;
    }
    return name;
  }

  /** Resolves when nothing of it is left, or when it is to be tried again later. */
  async settle(name: string): Promise<void> {
    await this.#try(name, againMs);
  }

  /** At the start: what a crash left. */
  async recover(): Promise<void> {
    const { fs } = this.#options;
    const entries = await fs.list(removedDir);
    for (const { name, stat } of entries) if (stat.kind === 'directory') await this.settle(name);
    // A note without its directory is of one that was never taken.
    const left = new Set((await fs.list(removedDir)).map(({ name }) => name));
    for (const name of left)
      if (name.endsWith(suffix) && !left.has(name.slice(0, -suffix.length))) await fs.unlink(`${removedDir}/${name}`);
  }

  async #try(name: string, waitMs: number): Promise<void> {
    const { fs, log, signal } = this.#options;
    try {
      await this.#empty(`${removedDir}/${name}`, '', await this.#note(name));
      await fs.unlink(noteOf(name));
    } catch (error) {
      if (signal.aborted || codeOf(error) === '') throw error;
      if (codeOf(error) !== 'ENOENT') {
        log.warn('removed_not_settled', { path: `${removedDir}/${name}`, error, again: waitMs });
        void this.#later(name, waitMs);
      }
    }
  }

  async #later(name: string, waitMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    try {
      await clock.sleep(waitMs, signal);
      await this.#try(name, Math.min(2 * waitMs, maxAgainMs));
    } catch (error) {
      // The next start finds it again.
      if (!signal.aborted) this.#options.log.error('removed_left', { path: `${removedDir}/${name}`, error });
    }
  }

  async #note(name: string): Promise<Note | undefined> {
    const whole = await this.#options.fs.open(noteOf(name)).catch(ifAbsent);
    if (whole === undefined) return undefined;
    try {
      const { size } = await whole.stat();
      return JSON.parse(Buffer.from(await whole.read(0, size)).toString('utf8')) as Note;
    } finally {
      await whole.close();
    }
  }

  /** `below` is the path of `dir` below the directory that was taken. */
  async #empty(dir: string, below: string, note: Note | undefined): Promise<void> {
    const { fs, signal } = this.#options;
    await eachBounded(await fs.list(dir), width, async (entry) => {
      signal.throwIfAborted();
      const at = joinPath(below, entry.name);
      const path = joinPath(dir, entry.name);
      if (entry.stat.kind === 'directory') await this.#empty(path, at, note);
      else await this.#dispose(path, entry, at, note);
    });
    await fs.rmdir(dir);
  }

  async #dispose(path: string, { stat }: Entry, at: string, note: Note | undefined): Promise<void> {
    const { fs, replaced } = this.#options;
    const item = note?.items[at];
    if (item === undefined || !sameVersion(item, stat)) {
      await this.#bringBack(path, at, note);
      return;
    }
    const aside = replaced.pathFor(item, null);
    await fs.rename(path, aside, false);
    await replaced.settle(aside, item.parent, item.name);
  }

  /** To where it was, in directories that are made again: an edit beats a delete. From there on it is a new file. */
  async #bringBack(path: string, at: string, note: Note | undefined): Promise<void> {
    const { state, look } = this.#options;
    const top = (note === undefined ? undefined : state.pathIn(note.parent, note.name)) ?? note?.name ?? 'recovered';
    const { parent, leaf } = splitPath(joinPath(top, at));
    await this.#make(parent);
    await bringBack(this.#options, path, leaf, (name) => joinPath(parent, name));
    look(top);
  }

  async #make(dir: string): Promise<void> {
    if (dir === '') return;
    try {
      await this.#options.fs.mkdir(dir, 0o755);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      if (codeOf(error) !== 'ENOENT') throw error;
      await this.#make(splitPath(dir).parent);
      await this.#make(dir);
    }
  }
}

const suffix = '.json';

function noteOf(name: string): string {
  return `${removedDir}/${name}${suffix}`;
}

function ifAbsent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
