// Directories of the local tree as wholes: what is as it was costs a comparison of bytes, and nothing an entry.
import type { Identity } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import { must } from '../../base/errors.ts';
import { isCheaperToList } from './cost.ts';
import { difference } from './difference.ts';
import { joinPath } from '../fs/names.ts';
import type { SiteFs, Surveyed } from '../fs/port.ts';
import type { Watch } from '../fs/watch-port.ts';
import { isInode, type Round } from './round.ts';
import type { State } from '../state/state.ts';
import type { Untaken } from './untaken.ts';

export interface KnownDirectory {
  readonly place: NodeId;
  readonly path: string;
  readonly identity: Identity;
}

export interface SurveyOptions {
  readonly fs: Pick<SiteFs, 'survey'>;
  readonly state: Pick<State, 'localPage'>;
  readonly watch: Watch;
  readonly untaken: Untaken;
  readonly round: Round;
  /** The path led elsewhere. Throws where it is the root's. */
  readonly unread: (dir: NodeId, path: string) => void;
  readonly invisible: (dir: NodeId, name: string) => boolean;
}

/** What is left to do in directories that were surveyed. */
interface Left {
  /** To go on with: all of them are as the local tree has them. */
  readonly below: KnownDirectory[];
  /** Names that are to be looked at. */
  readonly changed: { readonly place: NodeId; readonly path: string; readonly names: ReadonlySet<string> }[];
  /** To be looked at entry by entry. */
  readonly unsure: KnownDirectory[];
}

/** Rows that are compared before others come first: some milliseconds. */
const atOnce = 4000;

export class Survey {
  readonly #options: SurveyOptions;
  #rows = 0;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  async of(dirs: readonly KnownDirectory[]): Promise<Left> {
    const { watch, fs } = this.#options;
    const paths = dirs.map(({ path }) => path);
    const left: Left = { below: [], changed: [], unsure: [] };
    let surveyed: readonly Surveyed[];
    try {
      await watch.add(...paths);
      surveyed = await fs.survey(paths);
    } catch {
      // It is of one of them: each by itself meets it again, and says what it means.
      return { ...left, unsure: [...dirs] };
    }
    for (const [index, dir] of dirs.entries())
      await this.#compare(dir, must(surveyed[index], 'one for each directory'), left);
    return left;
  }

  async #compare(dir: KnownDirectory, surveyed: Surveyed, left: Left): Promise<void> {
    const { state, untaken, round, invisible, unread } = this.#options;
    const { place, path, identity } = dir;
    if ('error' in surveyed) {
      if (!untaken.refused(path, surveyed.error)) unread(place, path);
      return;
    }
    // The path may have come to lead elsewhere: then these are another directory's entries.
    if (!isInode(identity, surveyed.stat)) {
      unread(place, path);
      return;
    }
    const { names, directories } = await difference(state, place, surveyed.lines, (rows) => this.#passed(rows));
    const changed = names.size === 0 ? names : new Set([...names].filter((name) => !invisible(place, name)));
    if (isCheaperToList(changed.size, () => surveyed.count)) {
      left.unsure.push(dir);
      return;
    }
    if (path !== '') untaken.taken(path);
    round.whole.set(place, names);
    if (changed.size > 0) left.changed.push({ place, path, names: changed });
    for (const { id, name, inode, born } of directories)
      if (!invisible(place, name))
        left.below.push({ place: id, path: joinPath(path, name), identity: { inode, born } });
  }

  /** A site's files are many: whoever else has something to do comes first from time to time. */
  #passed(rows: number): Promise<void> | undefined {
    this.#rows += rows;
    if (this.#rows < atOnce) return undefined;
    this.#rows = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
