// May a directory that is gone here be deleted as a whole? One operation deletes everything below it, so everything below
// must be something this site had, unchanged since, and deleted here too.
import { samePlace } from './compare.ts';
import type { NodeId } from './node.ts';
import type { Remote, Trees } from './trees.ts';

/**
 * `clean`: may go whole. `waits`: something below moved elsewhere on this site, or is in flight; it comes first, else the
 * delete would take it along. `changed`: something below is new or changed there; the directory comes back here.
 */
export type Below = 'clean' | 'waits' | 'changed';

export class GoneDirectories {
  readonly #trees: Trees;
  readonly #known = new Map<NodeId, Below>();

  constructor(trees: Trees) {
    this.#trees = trees;
  }

  /** Walks the remote subtree once per plan. */
  below(directory: NodeId): Below {
    const known = this.#known.get(directory);
    if (known !== undefined) return known;
    let result: Below = 'clean';
    for (const child of this.#trees.remoteChildren(directory)) {
      const one = this.#of(child);
      if (one === 'changed') {
        result = 'changed';
        break;
      }
      if (one === 'waits') result = 'waits';
    }
    this.#known.set(directory, result);
    return result;
  }

  /** The direct children that a `waits` directory waits for and that have steps of their own. */
  *awaited(directory: NodeId): Iterable<NodeId> {
    for (const child of this.#trees.remoteChildren(directory)) {
      if (this.#of(child) === 'waits' && !this.#trees.inFlight(child.id)) yield child.id;
    }
  }

  #of(node: Remote): Below {
    const synced = this.#trees.synced(node.id);
    if (synced === undefined) return 'changed';
    if (this.#trees.inFlight(node.id)) return 'waits';
    const local = this.#trees.local(node.id);
    // Still where it was synced, yet remotely below this directory: others moved it in here.
    if (local !== undefined) return samePlace(local, synced) ? 'changed' : 'waits';
    if (node.kind === 'directory') return this.below(node.id);
    return node.version === synced.version ? 'clean' : 'changed';
  }
}
