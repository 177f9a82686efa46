import type { NodeId } from '../../core/node.ts';
import { byDirectory } from './by-directory.ts';
import { joinPath } from '../fs/names.ts';
import type { State } from '../state/state.ts';
import type { Walk } from './walk.ts';

/** A listing costs about as much as a look at a single name for every eight entries; it is asked for from so many names on. */
const manyNames = 4;
const entriesPerLook = 8;

/**
 * Looks at single paths, and at all below those that are directories. Answers the names it looked at: whatever an older
 * scan saw of them counts for nothing any more.
 */
export async function lookAt(
  state: State,
  walk: Walk,
  paths: Iterable<string>,
): Promise<readonly (readonly [NodeId, string])[]> {
  const seen: (readonly [NodeId, string])[] = [];
  for (const [dir, { path, names }] of byDirectory(state, paths)) {
    const now = state.pathOf(dir);
    if (now === undefined) {
      // RACE: it got another id, or is gone, since another one of these was looked at. Were its names let go here, what is
      // new there would stay unknown until the next full scan.
      for (const name of names) walk.round.again.push(joinPath(path, name));
      continue;
    }
    for (const name of names) seen.push([dir, name]);
    if (isCheaperToList(state, dir, names.size)) await walk.directory(dir, now, names);
    else await walk.names(dir, now, names);
  }
  return seen;
}

function isCheaperToList(state: State, dir: NodeId, names: number): boolean {
  const limit = names * entriesPerLook;
  return names >= manyNames && state.countLocal(dir, limit + 1) <= limit;
}
