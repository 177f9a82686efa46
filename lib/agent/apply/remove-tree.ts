import type { Known } from '../../core/identify.ts';
import { contentSince } from '../../core/compare.ts';
import type { NodeId } from '../../core/node.ts';
import type { AttributeSetter } from './attributes.ts';
import { isThis, sameVersion } from './entry.ts';
import { joinPath, splitPath } from '../fs/names.ts';
import type { SiteFs } from '../fs/port.ts';
import type { Removed } from './removed.ts';
import type { State } from '../state/state.ts';
import { Stale } from './stale.ts';
import type { Touched } from '../scan/touched.ts';

export interface TreeRemovalOptions {
  readonly fs: SiteFs;
  readonly state: State;
  readonly touched: Touched;
  readonly removed: Removed;
  readonly attributes: Pick<AttributeSetter, 'forget'>;
}

export interface Taken {
  /** For `Removed`. */
  readonly name: string;
  /** What holds the change, to be flushed. */
  readonly paths: readonly string[];
}

/**
 * Removes a directory with all that is in it, if every entry is as the local tree has it, that is as it was agreed, and
 * there is nothing else. Rejects with `Stale` where it is not, and then nothing was done.
 *
 * RACE: what is written or made in it between the look and the rename goes with it; `Removed` brings that back.
 */
export async function removeTree(options: TreeRemovalOptions, id: NodeId): Promise<Taken> {
  const { fs, state, touched, removed, attributes } = options;
  const top = state.local(id);
  const path = state.pathOf(id);
  if (top === undefined || path === undefined) throw new Stale(`${id} is gone`);
  const all = entriesOf(state, top);
  // Scans leave these names alone meanwhile: what they saw before the rename is not true after it.
  for (const { parent, name } of all.values()) touched.begin(parent, name);
  try {
    await check(fs, state, path, all);
    const name = await removed.take(top, path, new Map([...all].filter(([, { kind }]) => kind !== 'directory')));
    state.now(() => {
      for (const entry of [...all.values()].toReversed()) {
        state.setLocal(entry.id, null);
        attributes.forget(entry);
      }
    });
    return { name, paths: [splitPath(path).parent] };
  } finally {
    for (const { parent, name } of all.values()) touched.end(parent, name);
  }
}

/** By path below the directory, which is '' itself; directories before what is in them. */
function entriesOf(state: State, top: Known): ReadonlyMap<string, Known> {
  const all = new Map<string, Known>([['', top]]);
  for (const [at, entry] of all) {
    if (entry.kind !== 'directory') continue;
    for (const child of state.localChildren(entry.id)) all.set(joinPath(at, child.name), child);
  }
  return all;
}

async function check(fs: SiteFs, state: State, path: string, all: ReadonlyMap<string, Known>): Promise<void> {
  const stat = await fs.stat(path);
  const top = all.get('');
  if (stat === null || top === undefined || !isThis(top, stat)) throw new Stale(`${path} is not as it was`);
  let seen = 1;
  for (const [at, entry] of all) {
    const dir = at === '' ? path : joinPath(path, at);
    if (!isAgreed(state, entry)) throw new Stale(`${dir} has changed here`);
    if (entry.kind !== 'directory') continue;
    for (const { name, stat: there } of await fs.list(dir)) {
      const known = all.get(joinPath(at, name));
      if (known === undefined || !isThis(known, there)) throw new Stale(`${dir}/${name} is not as it was`);
      const same = sameVersion(known, there) && there.ctimeNs.toString() === known.ctime;
      if (known.kind !== 'directory' && !same) throw new Stale(`${dir}/${name} has changed`);
      seen++;
    }
  }
  if (seen !== all.size) throw new Stale(`something in ${path} is gone`);
}

function isAgreed(state: State, entry: Known): boolean {
  if (entry.kind === 'directory') return true;
  const synced = state.synced(entry.id);
  return entry.settled && synced !== undefined && contentSince(entry, synced) === 'same';
}
