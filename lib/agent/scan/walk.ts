// Looks at the site and notes in a round what is not as the local tree says. Nothing is decided here, and what cannot be
// read whole is left out.
import type { Identity, Known, Place } from '../../core/identify.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { ours } from '../../protocol/layout.ts';
import type { Excluded } from './exclude.ts';
import { foundAt, isSame, isSameDirectory, isSyncedKind, nodeKind, type Look, type Sight } from './found.ts';
import type { InParts } from './in-parts.ts';
import { joinPath } from '../fs/names.ts';
import type { Entry, FileStat, SiteFs } from '../fs/port.ts';
import type { Watch } from '../fs/watch-port.ts';
import { eachBounded, inGroups } from '../../base/pool.ts';
import type { Problems } from '../problems.ts';
import { isQuiet } from './quiet.ts';
import { identityOf, isInode, type Round } from './round.ts';
import type { Shown } from '../apply/shown.ts';
import { sightOfStat, sightsOf, type Sights } from './sights.ts';
import type { State } from '../state/state.ts';
import { Survey, type KnownDirectory } from './survey.ts';
import { Untaken } from './untaken.ts';

interface Directory {
  readonly place: Place;
  readonly path: string;
  readonly identity: Identity;
}

export interface WalkOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly excluded: Excluded;
  readonly problems: Problems;
  readonly shown: Shown;
  readonly now: () => number;
  /** What is told beside a listing: the watch to add to, and the events that came. */
  readonly watch: Watch;
  readonly looks: ReadonlyMap<string, Look>;
  readonly hears: boolean;
  readonly onHardLink: (path: string) => void;
  /** As the last full walk saw it. */
  readonly root: Identity | undefined;
  /** Takes what was found while the walk goes on. */
  readonly parts?: InParts | undefined;
}

const width = 8;
/** Directories that are surveyed in one call, and calls at a time. */
const together = 16;
const calls = 4;

export class Walk {
  readonly #options: WalkOptions;
  readonly #fs: SiteFs;
  readonly #state: State;
  readonly #untaken: Untaken;
  readonly #survey: Survey;
  readonly round: Round;
  root: Identity | undefined;

  constructor(options: WalkOptions, round: Round) {
    this.#options = options;
    this.#fs = options.fs;
    this.#state = options.state;
    this.#untaken = new Untaken(options.problems, options.now);
    this.round = round;
    const invisible = (dir: NodeId, name: string): boolean => this.#invisible(dir, name);
    const unread = (dir: NodeId, path: string): void => this.#unread(dir, path);
    this.#survey = new Survey({ ...options, untaken: this.#untaken, round, invisible, unread });
    this.root = options.root;
  }

  /** Everything below the root. Rejects when the root itself cannot be read. */
  async everything(): Promise<void> {
    this.root = await this.#rootNow();
    await this.#below([{ place: rootId, path: '', identity: this.root }]);
    this.#untaken.clearRest();
  }

  /** One directory of the local tree, whole; and all below what is new in it, or at one of these names. */
  async directory(id: NodeId, path: string, names: ReadonlySet<string>): Promise<void> {
    const identity = id === rootId ? await this.#rootNow() : this.#state.local(id);
    if (identity === undefined) this.#unread(id, path);
    else await this.#below(await this.#list({ place: id, path, identity }, (name) => names.has(name)));
  }

  /** Single names of one directory of the local tree: costs what is asked for, not what the directory holds. */
  async names(dir: NodeId, dirPath: string, names: ReadonlySet<string>): Promise<void> {
    for (const each of await this.#names(dir, dirPath, names)) await this.#below([each]);
  }

  /** Answers the directories to go on with. */
  async #names(dir: NodeId, dirPath: string, names: ReadonlySet<string>): Promise<readonly Directory[]> {
    const asked = [...names].filter((name) => !this.#invisible(dir, name));
    const identity = dir === rootId ? this.root : this.#state.local(dir);
    if (asked.length === 0) return [];
    let sights: Sights;
    try {
      sights = await this.#sights({ path: dirPath, identity }, asked);
    } catch (error) {
      const refused = asked.filter((name) => this.#untaken.refused(joinPath(dirPath, name), error));
      if (refused.length < asked.length) this.#unread(dir, dirPath);
      return [];
    }
    if (!(await this.#isStill(dir, dirPath))) {
      this.#unread(dir, dirPath);
      return [];
    }
    const next: Directory[] = [];
    for (const [name, sight] of sights) {
      if (sight === undefined) continue;
      const below = this.#compare(dir, dirPath, name, sight, this.#state.localAt(dir, name), true);
      if (below !== undefined) next.push(below);
    }
    return next;
  }

  async #below(first: readonly Directory[]): Promise<void> {
    let level = first;
    while (level.length > 0) {
      const next: Directory[] = [];
      // What the watch told counts beside what is there; so who comes with that looks at each entry.
      const known = this.#options.looks.size === 0 ? level.filter(isKnown) : [];
      const others = known.length === 0 ? level : level.filter((dir) => !isKnown(dir));
      await eachBounded(inGroups(known, together), calls, async (dirs) => {
        for (const each of await this.#whole(dirs)) next.push(each);
      });
      await eachBounded(others, width, async (dir) => {
        for (const each of await this.#list(dir, () => true)) next.push(each);
      });
      level = next;
    }
  }

  /** Nearly every directory of nearly every scan is as it was: that is seen without a look at its entries one by one. */
  async #whole(dirs: readonly KnownDirectory[]): Promise<readonly Directory[]> {
    const { below, changed, unsure } = await this.#survey.of(dirs);
    const next: Directory[] = [...below];
    for (const { place, path, names } of changed) next.push(...(await this.#names(place, path, names)));
    for (const dir of unsure) next.push(...(await this.#list(dir, () => true)));
    return next;
  }

  /** Answers the directories to go on with. */
  async #list({ place, path, identity }: Directory, isDeep: (name: string) => boolean): Promise<readonly Directory[]> {
    const sights = new Map<string, Sight | null | undefined>();
    let entries: readonly Entry[];
    let known: Map<string, Known>;
    try {
      await this.#options.watch.add(path);
      entries = (await this.#fs.list(path)).filter(({ name }) => !this.#invisible(place, name));
      // The path may have come to lead elsewhere: then these are another directory's entries.
      const after = await this.#fs.stat(path);
      if (after === null || !isInode(identity, after)) {
        this.#unread(place, path);
        return [];
      }
      known = this.#known(place);
      // The stat does for what is as it was; of the rest there is more to know.
      const changed = entries.filter(({ name, stat }) => !this.#isSame(known.get(name), path, name, stat));
      if (changed.length > 0) {
        const listed = new Map(changed.map(({ name, stat }) => [name, stat]));
        for (const [name, sight] of await this.#sights({ path, identity }, [...listed.keys()], listed))
          sights.set(name, sight);
        known = this.#known(place);
      }
    } catch (error) {
      if (!this.#untaken.refused(path, error)) this.#unread(place, path);
      return [];
    }
    if (path !== '') this.#untaken.taken(path);
    const next: Directory[] = [];
    for (const { name, stat } of entries) {
      const entry = known.get(name);
      known.delete(name);
      // Nothing was waited for since all of it was found to be as it was: nearly every entry of nearly every scan.
      if (sights.size === 0 && entry !== undefined) {
        this.round.seen.add(entry.id);
        if (stat.kind === 'directory' && isDeep(name))
          next.push({ place: entry.id, path: joinPath(path, name), identity: identityOf(stat) });
        continue;
      }
      const sight = sights.has(name) ? sights.get(name) : sightOfStat(stat);
      if (sight === undefined) continue;
      const below = this.#compare(place, path, name, sight, entry, isDeep(name));
      if (below !== undefined) next.push(below);
    }
    for (const [name, entry] of known)
      if (!this.#invisible(place, name)) this.round.missing.set(entry.id, joinPath(path, name));
    this.#options.parts?.take(this.round);
    return next;
  }

  #sights(
    at: Parameters<typeof sightsOf>[1],
    names: readonly string[],
    listed?: Map<string, FileStat>,
  ): Promise<Sights> {
    const { fs, shown } = this.#options;
    const onGone = (path: string): void => void this.round.again.push(path);
    return sightsOf({ fs, shown, untaken: this.#untaken, onGone }, at, names, listed);
  }

  /** Notes the difference of one name; answers the directory to go on with. */
  #compare(
    dir: Place,
    dirPath: string,
    name: string,
    sight: Sight | null,
    entry: Known | undefined,
    deep: boolean,
  ): Directory | undefined {
    const path = joinPath(dirPath, name);
    if (sight === null) {
      if (entry !== undefined) this.round.missing.set(entry.id, path);
      return undefined;
    }
    const { looks, hears, now, onHardLink } = this.#options;
    const { stat, shown } = sight;
    const identity = identityOf(stat);
    const isKnown = entry !== undefined && isInode(entry, stat) && entry.kind === nodeKind(stat.kind);
    if (isKnown) this.round.seen.add(entry.id);
    else if (entry !== undefined) this.round.missing.set(entry.id, path);
    const look = looks.get(path);
    const same = isKnown ? isSame(entry, stat, look, now()) : false;
    if (isKnown && (same ?? isSameDirectory(entry, shown))) {
      // Names came and went in it. Once its ctime is past no change can hide behind that, and it need not be looked at again.
      if (same === undefined && isQuiet(stat, now())) this.#state.refreshLocal(entry, stat.ctimeNs.toString());
      return stat.kind === 'directory' && deep ? { place: entry.id, path, identity } : undefined;
    }
    if (stat.kind === 'file' && stat.links > 1) onHardLink(path);
    const place = this.#options.parts?.placeOf(dir) ?? dir;
    const found = { ...foundAt({ dir, name, path }, sight, { look, hears, nowMs: now() }), dir: place };
    this.round.found.push(found);
    if (stat.kind !== 'directory') return undefined;
    const isThis = (other: Known): boolean => other.kind === 'directory' && isInode(other, stat);
    const known = isKnown ? entry : this.#state.withInode(identity.inode).find(isThis);
    if (known === undefined) return { place: found, path, identity };
    // It has moved here. Its own mtime tells whether its names may have changed, or its inode number been used again.
    const unchanged = known.statMtime === stat.mtimeNs.toString();
    return deep || !unchanged ? { place: known.id, path, identity } : undefined;
  }

  /** As far as the stat tells. */
  #isSame(entry: Known | undefined, dirPath: string, name: string, stat: FileStat): boolean {
    if (entry === undefined || !isSyncedKind(stat) || !isInode(entry, stat)) return false;
    if (entry.kind !== nodeKind(stat.kind)) return false;
    const { looks, now, shown } = this.#options;
    const look = looks.size === 0 ? undefined : looks.get(joinPath(dirPath, name));
    return isSame(entry, stat, look, now()) ?? !shown.any;
  }

  #known(place: Place): Map<string, Known> {
    const known = new Map<string, Known>();
    if (typeof place === 'string') for (const entry of this.#state.localChildren(place)) known.set(entry.name, entry);
    return known;
  }

  #invisible(dir: Place, name: string): boolean {
    return (dir === rootId && name === ours) || this.#options.excluded(name);
  }

  async #isStill(dir: NodeId, path: string): Promise<boolean> {
    if (dir === rootId) return true;
    const stat = await this.#fs.stat(path);
    const entry = this.#state.local(dir);
    return stat !== null && entry !== undefined && isInode(entry, stat);
  }

  async #rootNow(): Promise<Identity> {
    const stat = await this.#fs.stat('');
    if (stat === null) throw rootGone();
    return identityOf(stat);
  }

  /**
   * RACE: the path led elsewhere by the time it was looked at, because the directory moved or went meanwhile. What is in it
   * would be missed, so whoever records the round has it looked at again.
   */
  #unread(place: Place, path: string): void {
    if (place === rootId) throw rootGone();
    this.round.unread.push({ place, path });
  }
}

function isKnown(dir: Directory): dir is KnownDirectory {
  return typeof dir.place === 'string';
}

function rootGone(): Error {
  return Object.assign(new Error('the root is gone'), { code: 'ENOENT' });
}
