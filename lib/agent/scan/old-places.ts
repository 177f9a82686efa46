import { must } from '../../base/errors.ts';
import { isIdentity, type Found } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import { joinPath } from '../fs/names.ts';
import { isSeen, type Round } from './round.ts';
import type { State } from '../state/state.ts';
import type { Touched } from './touched.ts';
import type { Walk } from './walk.ts';

/** A known inode at a new place has moved, or got a second name: its old place tells which. */
export async function lookAtOldPlaces(state: State, touched: Touched, walk: Walk, round: Round): Promise<void> {
  const directories = new Map<string, Found>();
  const note = (found: Found): void => {
    if (found.kind === 'directory') directories.set(found.inode, found);
  };
  round.found.forEach(note);
  // What is looked at may add to what is found.
  for (let at = 0; at < round.found.length; at++) {
    const found = must(round.found[at], 'index below length');
    note(found);
    for (const entry of state.withInode(found.inode)) {
      if (round.missing.has(entry.id) || !isIdentity(entry, found) || isSeen(state, touched, round, entry.id)) continue;
      const path = state.pathOf(entry.parent);
      if (path === undefined || isBelowMissing(state, entry.parent, round, directories))
        round.missing.set(entry.id, path === undefined ? found.path : joinPath(path, entry.name));
      else await walk.names(entry.parent, path, new Set([entry.name]));
    }
  }
}

/** Its old place went with a directory that did not come up elsewhere. */
function isBelowMissing(state: State, dir: NodeId, round: Round, found: ReadonlyMap<string, Found>): boolean {
  for (let above = state.local(dir); above !== undefined; above = state.local(above.parent)) {
    const moved = found.get(above.inode);
    if (round.missing.has(above.id)) return moved === undefined || !isIdentity(above, moved);
  }
  return false;
}
