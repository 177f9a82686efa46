// Looks at the site and notes in a round what is not as the local tree says. Nothing is decided here, and what cannot be
// read whole is left out.
import { codeOf } from '../base/errors.ts';
import type { Found, Identity, Known, Place } from '../core/identify.ts';
import { rootId, type NodeId, type NodeKind } from '../core/node.ts';
import { utf8Length } from '../core/conflict-name.ts';
import { ours } from '../protocol/layout.ts';
import type { Excluded } from './exclude.ts';
import type { Entry, FileStat, SiteFs } from './fs/port.ts';
import type { Watch } from './fs/watch-port.ts';
import { eachBounded } from './pool.ts';
import type { Problems } from './problems.ts';
import { isAhead, isQuiet } from './quiet.ts';
import { identityOf, isInode, type Round } from './round.ts';
import type { State } from './state/state.ts';

/** What the watch told about one path. */
export interface Look {
  readonly closed: boolean;
  readonly written: boolean;
}

interface Directory {
  readonly place: Place;
  readonly path: string;
  readonly identity: Identity;
}

const width = 8;
const maxPathBytes = 4096;
/** Problems that only a scan reports, and a full scan therefore knows all of. */
const ownCodes: ReadonlySet<string> = new Set(['not_synced_kind', 'path_too_long', 'cannot_read']);

export class Walk {
  readonly #fs: SiteFs;
  readonly #state: State;
  readonly #excluded: Excluded;
  readonly #problems: Problems;
  readonly #now: () => number;
  /** What is told beside a listing: the watch to add to, and the events that came. */
  readonly #watch: Watch;
  readonly #looks: ReadonlyMap<string, Look>;
  readonly #hears: boolean;
  readonly round: Round;
  readonly #troubled = new Set<string>();

  constructor(
    to: {
      fs: SiteFs;
      state: State;
      excluded: Excluded;
      problems: Problems;
      now: () => number;
      watch: Watch;
      hears: boolean;
    },
    round: Round,
    looks: ReadonlyMap<string, Look>,
  ) {
    this.#fs = to.fs;
    this.#state = to.state;
    this.#excluded = to.excluded;
    this.#problems = to.problems;
    this.#now = to.now;
    this.#watch = to.watch;
    this.#hears = to.hears;
    this.round = round;
    this.#looks = looks;
  }

  /** Everything below the root. Rejects when the root itself cannot be read. */
  async everything(): Promise<void> {
    const root = await this.#fs.stat('');
    if (root === null) throw Object.assign(new Error('the root is gone'), { code: 'ENOENT' });
    await this.#below({ place: rootId, path: '', identity: identityOf(root) }, true);
    this.#problems.clearExcept(ownCodes, this.#troubled);
  }

  /** One directory of the local tree; what is new in it is looked through whole. */
  async directory(id: NodeId, path: string, deep: boolean): Promise<void> {
    const identity = id === rootId ? await this.#rootIdentity() : this.#state.local(id);
    if (identity !== undefined) await this.#below({ place: id, path, identity }, deep);
  }

  /** Single names of one directory of the local tree: costs what is asked for, not what the directory holds. */
  async names(dir: NodeId, dirPath: string, names: ReadonlySet<string>): Promise<void> {
    const next: Directory[] = [];
    const found: { name: string; stat: FileStat | null }[] = [];
    await eachBounded(names, width, async (name) => {
      if (this.#invisible(dir, name)) return;
      try {
        found.push({ name, stat: await this.#fs.stat(join(dirPath, name)) });
      } catch (error) {
        this.#refused(join(dirPath, name), error);
      }
    });
    if (!(await this.#isStill(dir, dirPath))) return;
    for (const { name, stat } of found) {
      const below = this.#compare(dir, dirPath, name, stat, this.#state.localAt(dir, name), true);
      if (below !== undefined) next.push(below);
    }
    for (const each of next) await this.#below(each, true);
  }

  async #below(first: Directory, deep: boolean): Promise<void> {
    let level: readonly Directory[] = [first];
    while (level.length > 0) {
      const next: Directory[] = [];
      await eachBounded(level, width, async (dir) => {
        next.push(...(await this.#list(dir, deep)));
      });
      level = next;
    }
  }

  async #list({ place, path, identity }: Directory, deep: boolean): Promise<readonly Directory[]> {
    let entries: readonly Entry[];
    try {
      await this.#watch.add(path);
      entries = await this.#fs.list(path);
      // The path may have come to lead elsewhere: then these are another directory's entries.
      const after = await this.#fs.stat(path);
      if (after === null || !isInode(identity, after)) return [];
    } catch (error) {
      this.#refused(path, error);
      return [];
    }
    if (path !== '') this.#problems.clear(path);
    const known = new Map<string, Known>();
    if (typeof place === 'string') for (const entry of this.#state.localChildren(place)) known.set(entry.name, entry);
    const next: Directory[] = [];
    for (const { name, stat } of entries) {
      const entry = known.get(name);
      known.delete(name);
      if (this.#invisible(place, name)) continue;
      const below = this.#compare(place, path, name, stat, entry, deep);
      if (below !== undefined) next.push(below);
    }
    for (const [name, entry] of known) if (!this.#invisible(place, name)) this.round.missing.add(entry.id);
    return next;
  }

  /** Notes the difference of one name; answers the directory to go on with. */
  #compare(
    dir: Place,
    dirPath: string,
    name: string,
    stat: FileStat | null,
    entry: Known | undefined,
    deep: boolean,
  ): Directory | undefined {
    const path = join(dirPath, name);
    if (stat === null) this.#problems.clear(path);
    if (stat === null || !this.#takes(path, name, stat)) {
      if (entry !== undefined) this.round.missing.add(entry.id);
      return undefined;
    }
    const look = this.#looks.get(path);
    const identity = identityOf(stat);
    if (entry !== undefined && (!isInode(entry, stat) || entry.kind !== stat.kind)) this.round.missing.add(entry.id);
    else if (entry !== undefined) {
      this.round.seen.add(entry.id);
      if (isSame(entry, stat, look, this.#now()))
        return stat.kind === 'directory' && deep ? { place: entry.id, path, identity } : undefined;
    }
    const found: Found = {
      ...identity,
      dir,
      name,
      path,
      kind: stat.kind,
      size: stat.kind === 'file' ? stat.size : 0,
      mode: stat.mode & 0o777,
      mtime: stat.mtimeNs.toString(),
      ctime: stat.ctimeNs.toString(),
      settled: look?.closed === true || isQuiet(stat, this.#now()),
      ahead: isAhead(stat, this.#now()),
      // A new directory may have been written to before it was watched.
      heard: this.#hears && typeof dir === 'string',
      written: look?.written === true,
    };
    this.round.found.push(found);
    if (stat.kind !== 'directory') return undefined;
    const isThis = (other: Known): boolean => other.kind === 'directory' && isInode(other, stat);
    const known = entry !== undefined && isThis(entry) ? entry : this.#state.withInode(identity.inode).find(isThis);
    if (known === undefined) return { place: found, path, identity };
    // It has moved here. Its own mtime tells whether its names may have changed, or its inode number been used again.
    const unchanged = known.statMtime === stat.mtimeNs.toString();
    return deep || !unchanged ? { place: known.id, path, identity } : undefined;
  }

  #invisible(dir: Place, name: string): boolean {
    return (dir === rootId && name === ours) || this.#excluded(name);
  }

  #takes(path: string, name: string, stat: FileStat): stat is FileStat & { kind: NodeKind } {
    if (stat.kind !== 'file' && stat.kind !== 'directory') {
      this.#problem(
        path,
        'not_synced_kind',
        `A ${stat.kind === 'symlink' ? 'symbolic link' : 'special file'} stays here.`,
      );
      return false;
    }
    if (utf8Length(name) > 255 || utf8Length(path) > maxPathBytes) {
      this.#problem(path, 'path_too_long', 'The path is too long for the other side: shorten it.');
      return false;
    }
    this.#problems.clear(path);
    return true;
  }

  #refused(path: string, error: unknown): void {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      if (path === '') throw error;
      return;
    }
    if (code === '') throw error;
    this.#problem(path, 'cannot_read', `It cannot be read (${code}); it is left as it is everywhere until it can be.`);
  }

  #problem(path: string, code: string, message: string): void {
    this.#troubled.add(path);
    this.#problems.set(path, { path, code, message, since: this.#now() });
  }

  async #isStill(dir: NodeId, path: string): Promise<boolean> {
    if (dir === rootId) return true;
    const stat = await this.#fs.stat(path);
    const entry = this.#state.local(dir);
    return stat !== null && entry !== undefined && isInode(entry, stat);
  }

  async #rootIdentity(): Promise<Identity | undefined> {
    const stat = await this.#fs.stat('');
    return stat === null ? undefined : identityOf(stat);
  }
}

function isSame(entry: Known, stat: FileStat, look: Look | undefined, nowMs: number): boolean {
  if (entry.mode !== (stat.mode & 0o777) || entry.born !== stat.bornNs.toString()) return false;
  if (entry.kind === 'directory') return true;
  return (
    entry.size === stat.size &&
    entry.statMtime === stat.mtimeNs.toString() &&
    entry.ctime === stat.ctimeNs.toString() &&
    look?.written !== true &&
    (entry.settled || !(look?.closed === true || isQuiet(stat, nowMs) || isAhead(stat, nowMs)))
  );
}

function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}
