import { codeOf } from '../../base/errors.ts';
import { randomHex, type Random } from '../../base/random.ts';
import { rootId } from '../../core/node.ts';
import { ours } from '../../protocol/layout.ts';
import { isThis } from '../apply/entry.ts';
import { isAbsence } from '../fs/errors.ts';
import type { Entry, SiteFs } from '../fs/port.ts';
import { Halted, type Halt } from './halt.ts';
import { removedDir } from '../apply/removed.ts';
import { replacedDir, temporaryDir } from '../apply/replaced.ts';
import type { State } from '../state/state.ts';

const sentinelPath = `${ours}/endpoint.json`;

/** What is in the sentinel. */
interface Mark {
  readonly endpoint: string;
  /** Of this root alone; '' where a person wrote the sentinel by hand, who says with it that this is the root. */
  readonly mark: string;
}

/**
 * Tells an empty directory from an emptied one. A root whose disk is not mounted looks like a root whose files were all
 * deleted; but it has no sentinel with this endpoint's id, and then nothing may be concluded from what is missing (I6).
 * Each root's mark is random, too: a new state that began while the disk was away has marked the bare directory below its
 * mount point, and would take everything that it put there for deleted as soon as the disk is back.
 */
export class Sentinel {
  readonly #fs: SiteFs;
  readonly #state: State;
  readonly #endpoint: string;
  readonly #random: Random;
  #device: bigint | undefined;
  #running: Promise<Mark> | undefined;

  constructor(fs: SiteFs, state: State, endpoint: string, random: Random) {
    this.#fs = fs;
    this.#state = state;
    this.#endpoint = endpoint;
    this.#random = random;
  }

  /**
   * At the start: marks a root that was never marked, if nothing was ever synced there. Resolves when a power loss no longer
   * takes that from the state: the next process could mark another root. Rejects with `Halted`.
   */
  async claim(): Promise<void> {
    for (let round = 1; ; round++) {
      try {
        return await this.#claim();
      } catch (error) {
        // Something was mounted over it, or taken away, in the middle: what is there now is looked at anew.
        if (!isAbsence(error) && codeOf(error) !== 'EEXIST') throw error;
        if (round === 3) throw new Halted(missing);
      }
    }
  }

  async #claim(): Promise<void> {
    if ((await this.#read()) === undefined) {
      if (this.#state.meta.values.marked) throw new Halted(emptied);
      await this.#makeDirectories();
      await this.#write();
      await this.#fs.sync();
    }
    const { mark } = await this.#look();
    await this.#makeDirectories();
    const known = this.#state.meta.values;
    if (!known.marked || known.mark === '')
      await this.#state.commit(() => this.#state.meta.set({ marked: true, mark }));
  }

  /**
   * When a person resumes: makes a lost mark again where the folder itself is provably the same, that is, where one of its
   * entries is the very inode that was there. One that nothing was ever found in, or agreed on, gets a new mark: what is
   * missing there says nothing, but another folder may have the old one. Else does nothing.
   */
  async restore(): Promise<void> {
    if ((await this.#read()) !== undefined) return;
    if (this.#state.lost.isNothing()) {
      await this.#state.commit(() => this.#state.meta.set({ marked: false, mark: '' }));
      return this.claim();
    }
    const entries = await this.#fs.list('');
    const isKnown = ({ name, stat }: Entry): boolean => {
      const entry = this.#state.localAt(rootId, name);
      return entry !== undefined && isThis(entry, stat);
    };
    if (!entries.some(isKnown)) return;
    await this.#makeDirectories();
    await this.#write();
  }

  /** Rejects with `Halted` when the root is not what it was. */
  async check(): Promise<void> {
    await this.#look();
  }

  /** Calls at the same time share one look. */
  #look(): Promise<Mark> {
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #check(): Promise<Mark> {
    const root = await this.#fs.stat('').catch((error: unknown) => {
      if (codeOf(error) === '') throw error;
      return null; // whatever the reason, there is nothing to look at
    });
    if (root === null || root.kind !== 'directory' || root.links === 0) throw new Halted(missing);
    if (this.#device !== undefined && root.dev !== this.#device) throw new Halted(replaced);
    const found = await this.#read();
    if (found === undefined) throw new Halted(emptied);
    if (found.endpoint !== this.#endpoint) throw new Halted(foreign);
    const { mark } = this.#state.meta.values;
    if (mark !== '' && found.mark !== '' && found.mark !== mark) throw new Halted(another);
    this.#device = root.dev;
    return found;
  }

  async #read(): Promise<Mark | undefined> {
    try {
      const file = await this.#fs.open(sentinelPath);
      try {
        return markOf(JSON.parse(Buffer.from(await file.read(0, 4096)).toString('utf8')));
      } finally {
        await file.close();
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE') return undefined;
      if (error instanceof SyntaxError) return markOf(null); // somebody else's: not ours in any case
      throw error;
    }
  }

  async #write(): Promise<void> {
    const temporary = `${ours}/endpoint.new`;
    if ((await this.#fs.stat(temporary)) !== null) await this.#fs.unlink(temporary);
    const file = await this.#fs.create(temporary, 0o644);
    try {
      const mark = this.#state.meta.values.mark || randomHex(this.#random, 8);
      await file.write(0, Buffer.from(`${JSON.stringify({ endpoint: this.#endpoint, mark })}\n`));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#fs.rename(temporary, sentinelPath, false);
  }

  async #makeDirectories(): Promise<void> {
    for (const dir of [ours, temporaryDir, replacedDir, removedDir]) {
      try {
        await this.#fs.mkdir(dir, 0o700);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }
}

function markOf(parsed: unknown): Mark {
  const { endpoint = '', mark = '' }: { readonly endpoint?: unknown; readonly mark?: unknown } = Object(parsed);
  return { endpoint: String(endpoint), mark: String(mark) };
}

const missing: Halt = {
  code: 'root_missing',
  message: 'The folder is gone. Nothing is synced until it is back: mount its disk or restore it, then resume.',
};
const emptied: Halt = {
  code: 'root_emptied',
  message:
    'The folder has lost its mark (.tideway/endpoint.json), as an unmounted disk or an emptied folder has. Nothing is ' +
    'deleted elsewhere: mount the disk or restore the folder, then resume. Resuming marks it again if files are still there.',
};
const replaced: Halt = {
  code: 'root_replaced',
  message: 'The folder is on another disk than before. Mount the right one, then resume.',
};
const another: Halt = {
  code: 'root_replaced',
  message:
    'The folder is not the one that this site began with: another disk is mounted, or its disk was not when the site began. ' +
    'Nothing is deleted. Mount the right one, then resume. If it is the right one now, start with a new state: both are merged.',
};
const foreign: Halt = {
  code: 'root_foreign',
  message: 'The folder belongs to another endpoint. Name the right folder, or remove that endpoint first.',
};
