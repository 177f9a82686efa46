import type { NodeId } from '../../core/node.ts';
import { byDirectory } from './by-directory.ts';
import { isCheaperToList } from './cost.ts';
import { joinPath } from '../fs/names.ts';
import type { State } from '../state/state.ts';
import type { Walk } from './walk.ts';

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
    if (isCheaperToList(names.size, (limit) => state.countLocal(dir, limit))) await walk.directory(dir, now, names);
    else await walk.names(dir, now, names);
  }
  return seen;
}
