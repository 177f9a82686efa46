import { rootId, type NodeId } from '../../core/node.ts';
import type { State } from '../state/state.ts';

export interface Group {
  /** Of the directory, as it was asked for. */
  readonly path: string;
  readonly names: ReadonlySet<string>;
}

/**
 * Paths grouped by the directory of the local tree they lie in. Below a directory that is not known yet, the topmost
 * unknown name stands for all: what is new is looked through whole.
 */
export function byDirectory(state: State, paths: Iterable<string>): ReadonlyMap<NodeId, Group> {
  const ids = new Map<string, NodeId | undefined>([['', rootId]]);
  const idOf = (path: string): NodeId | undefined => {
    if (ids.has(path)) return ids.get(path);
    const cut = path.lastIndexOf('/');
    const parent = idOf(path.slice(0, Math.max(cut, 0)));
    const entry = parent === undefined ? undefined : state.localAt(parent, path.slice(cut + 1));
    const id = entry?.kind === 'directory' ? entry.id : undefined;
    ids.set(path, id);
    return id;
  };
  const out = new Map<NodeId, { readonly path: string; readonly names: Set<string> }>();
  for (const path of paths) {
    let at = path;
    let cut = at.lastIndexOf('/');
    let dir = idOf(at.slice(0, Math.max(cut, 0)));
    while (dir === undefined) {
      at = at.slice(0, cut);
      cut = at.lastIndexOf('/');
      dir = idOf(at.slice(0, Math.max(cut, 0)));
    }
    const known = out.get(dir);
    if (known === undefined) out.set(dir, { path: at.slice(0, Math.max(cut, 0)), names: new Set([at.slice(cut + 1)]) });
    else known.names.add(at.slice(cut + 1));
  }
  return out;
}
