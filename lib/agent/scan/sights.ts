// What is at the names of one directory, with all that there is to know about each.
import type { Identity } from '../../core/identify.ts';
import { isSyncedKind, type Sight } from './found.ts';
import { joinPath } from '../fs/names.ts';
import type { Details, FileStat, SiteFs } from '../fs/port.ts';
import { identityOf } from './round.ts';
import type { Shown } from '../apply/shown.ts';
import type { Untaken } from './untaken.ts';

/** UTF-16 units: the share takes no longer path. */
const maxPath = 2048;

/** By name; null: nothing that is synced is there, undefined: nothing is known, and nothing may be concluded. */
export type Sights = ReadonlyMap<string, Sight | null | undefined>;

export interface SightsOptions {
  readonly fs: SiteFs;
  readonly shown: Shown;
  readonly untaken: Untaken;
  /** Went in the moment when it was looked at. */
  readonly onGone: (path: string) => void;
}

/** `directory` is where the names should be, if that is known; `listed` are stats of a moment ago, of entries that were there. */
export async function sightsOf(
  options: SightsOptions,
  at: { readonly path: string; readonly identity: Identity | undefined },
  names: readonly string[],
  listed?: ReadonlyMap<string, FileStat>,
): Promise<Sights> {
  const { fs, shown, untaken, onGone } = options;
  const isPlain = (name: string): boolean => !shown.any && listed?.get(name)?.kind !== 'symlink';
  const asked = listed === undefined ? names : names.filter((name) => !isPlain(name));
  const answers = asked.length === 0 ? [] : await fs.details(at.path, asked);
  const details = new Map(asked.map((name, index) => [name, answers[index] ?? null]));
  const sights = new Map<string, Sight | null | undefined>();
  for (const name of names) {
    const path = joinPath(at.path, name);
    const stat = listed?.get(name);
    const seen = details.get(name) ?? null;
    if (seen !== null) sights.set(name, await sightOf(options, path, seen, at.identity));
    else if (stat !== undefined && !details.has(name))
      sights.set(name, await sightOf(options, path, { stat, target: undefined, xattrs: undefined }, at.identity));
    else if (stat === undefined) {
      untaken.taken(path);
      sights.set(name, null);
    } else {
      // Perhaps to a name that the listing had passed: another look tells.
      onGone(path);
      sights.set(name, undefined);
    }
  }
  return sights;
}

async function sightOf(
  { shown, untaken }: SightsOptions,
  path: string,
  { stat, target, xattrs }: Details,
  directory: Identity | undefined,
): Promise<Sight | null | undefined> {
  if (directory !== undefined && deviceOf(directory) !== deviceOf(identityOf(stat))) {
    untaken.otherVolume(path);
    return undefined;
  }
  if (!isSyncedKind(stat)) {
    untaken.special(path);
    return null;
  }
  if (path.length > maxPath) {
    untaken.tooLong(path);
    return null;
  }
  untaken.taken(path);
  return { stat, target, shown: await shown.of({ stat, xattrs }) };
}

/** Of what was as it was when it was listed; whether it still is has to be seen. */
export function sightOfStat(stat: FileStat): Sight | undefined {
  return isSyncedKind(stat) ? { stat, target: undefined, shown: {} } : undefined;
}

function deviceOf({ inode }: Identity): string {
  return inode.slice(0, inode.indexOf(':'));
}
