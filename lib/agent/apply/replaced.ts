// Old contents are never thrown away by a rename: they are set aside in `.tideway/replaced` first. The name there says
// what must be known to decide about it after a crash, so nothing else has to be on disk at that moment.
import type { Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { bringBack } from './bring-back.ts';
import type { Log } from '../../base/log.ts';
import type { Identity, Known } from '../../core/identify.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { ours } from '../../protocol/layout.ts';
import type { Version } from './entry.ts';
import type { FileStat, SiteFs } from '../fs/port.ts';
import type { Problems } from '../problems.ts';
import { identityOf, isInode } from '../scan/round.ts';
import type { Kept } from '../state/notes.ts';
import type { State } from '../state/state.ts';

export const replacedDir = `${ours}/replaced`;
export const temporaryDir = `${ours}/tmp`;

const sweepMs = 1000;
const dayMs = 24 * 3600_000;

/** What a name in `.tideway/replaced` says. */
interface Label {
  readonly node: NodeId;
  /** Of the version that was set aside. */
  readonly identity: Identity;
  readonly size: number;
  readonly mtime: string;
  /** Of the new content, where that stood under this name before the exchange. */
  readonly download: Identity | undefined;
}

export interface ReplacedOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly clock: Clock;
  readonly problems: Problems;
  readonly server: string;
  readonly log: Log;
  readonly look: (path: string) => void;
  /** Rejects with `halted` when the root is not what it should be. */
  readonly verifyRoot: () => Promise<void>;
}

export class Replaced {
  readonly #options: ReplacedOptions;
  /** What is kept because it is open, by name in the directory; also in the state. */
  readonly #kept = new Map<string, Kept>();

  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: ReplacedOptions) {
    this.#options = options;
  }

  /** Path to set the entry's inode aside under; `download` is the inode that stands there before an exchange. */
  pathFor(entry: Version & Pick<Known, 'id'>, download: FileStat | null): string {
    const { id, size, statMtime } = entry;
    const label = [id, spell(entry), size, statMtime, download === null ? '' : spell(identityOf(download))];
    return `${replacedDir}/${label.join('~')}`;
  }

  /**
   * Decides about what was set aside at `path`: dropped when it still is the version the label tells and nobody has it
   * open; kept while somebody has, or while that cannot be told; brought back beside when somebody wrote to it.
   */
  async settle(path: string, parent: NodeId, name: string): Promise<void> {
    const { fs, state, clock } = this.#options;
    const file = path.slice(replacedDir.length + 1);
    const label = parse(file);
    const open = await fs.isOpen(path).catch((error: unknown) => {
      // Dropped by a person; or a link or a directory, which nobody writes to through a handle.
      if (['ENOENT', 'ELOOP', 'EISDIR'].includes(codeOf(error))) return false;
      throw error;
    });
    // After that question: nobody can open it by this name any more, but who had it open may have written until then.
    const stat = await fs.stat(path);
    // Dropped by a person, or away with its disk: then it must be asked about again when that is back.
    if (stat === null && this.#kept.has(file)) await this.#options.verifyRoot();
    if (stat !== null) {
      const download = label?.download !== undefined && isInode(label.download, stat);
      if (!download && (label === undefined || !isVersion(stat, label))) await this.#bringBack(path, parent, name);
      else if (!download && open !== false) {
        this.#keep({ file, parent, name, since: clock.now() });
        return;
      } else await this.#drop(path);
    }
    if (this.#kept.delete(file)) state.now(() => state.replaced.drop(file));
  }

  /** At the start: what a crash left. A temporary file was never anybody's. */
  async recover(): Promise<void> {
    const { fs, state } = this.#options;
    for (const { name } of await fs.list(temporaryDir)) await fs.unlink(`${temporaryDir}/${name}`);
    for (const kept of state.replaced.all()) this.#kept.set(kept.file, kept);
    for (const { name: file } of await fs.list(replacedDir)) {
      if (this.#kept.has(file)) continue;
      const node = parse(file)?.node;
      const place = node === undefined ? undefined : (state.local(node) ?? state.synced(node) ?? state.remote(node));
      await this.settle(`${replacedDir}/${file}`, place?.parent ?? rootId, place?.name ?? 'recovered');
    }
  }

  /** Asks again and again about what was still open. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(sweepMs, signal).catch(() => {}); // ends by the signal only, which the next line asks
      if (signal.aborted) return;
      await this.sweep();
    }
  }

  /** Asks once, after whoever asks already. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping.then(() => this.#sweepNow());
    return this.#sweeping;
  }

  async #sweepNow(): Promise<void> {
    const { clock, problems, log } = this.#options;
    for (const kept of this.#kept.values()) {
      const path = `${replacedDir}/${kept.file}`;
      try {
        await this.settle(path, kept.parent, kept.name);
      } catch (error) {
        if (codeOf(error) === '') throw error;
        // A halt tells by itself what is wrong.
        if (codeOf(error) !== 'halted') log.warn('replaced_failed', { path, error });
      }
      if (!this.#kept.has(kept.file)) problems.clear(path);
      else if (clock.now() - kept.since > dayMs) problems.set(path, { path, since: clock.now(), ...stillOpen });
    }
  }

  #keep(kept: Kept): void {
    if (this.#kept.has(kept.file)) return;
    this.#kept.set(kept.file, kept);
    this.#options.state.now(() => this.#options.state.replaced.put(kept));
  }

  async #drop(path: string): Promise<void> {
    await this.#options.fs.unlink(path);
  }

  /** Under its own name if that is free (an edit beats a delete), else as a conflict copy. From there on it is a new file. */
  async #bringBack(path: string, parent: NodeId, name: string): Promise<void> {
    const { state, look } = this.#options;
    const dir = state.pathOf(parent) === undefined ? rootId : parent;
    look(await bringBack(this.#options, path, name, (free) => state.pathIn(dir, free) ?? name));
  }
}

const stillOpen = {
  code: 'still_open',
  message: 'A replaced version may still be open in some program: close that, or move this file away.',
};

function isVersion(stat: FileStat, label: Label): boolean {
  return isInode(label.identity, stat) && stat.size === label.size && stat.mtimeNs.toString() === label.mtime;
}

function parse(file: string): Label | undefined {
  const [node, identity, size, mtime, download] = file.split('~');
  if (node === undefined || identity === undefined || size === undefined || mtime === undefined) return undefined;
  if (download === undefined) return undefined;
  return {
    node,
    identity: read(identity),
    size: Number(size),
    mtime,
    download: download === '' ? undefined : read(download),
  };
}

function spell({ inode, born }: Identity): string {
  return `${inode}:${born}`;
}

function read(text: string): Identity {
  const [dev = '', ino = '', born = '0'] = text.split(':');
  return { inode: `${dev}:${ino}`, born };
}
