// What the namespace says: ids and names followed to the nodes that are alive.
import { rootId, type NodeId } from '../core/node.ts';
import { plainShareName } from '../core/share-name.ts';
import { ours } from '../protocol/layout.ts';
import { CachedRows, parsedOnce } from './cached-rows.ts';
import type { ShareKind } from './ports.ts';
import { after, idKey, idRow, nameKey, nodeKey, nodePrefix, nodeRow, type NodeRow } from './rows.ts';

export type Found =
  | { readonly state: 'alive'; readonly row: NodeRow; readonly key: string }
  /** Deleted, by itself or with a directory above; `row` says where and what it was. */
  | { readonly state: 'dead'; readonly row: NodeRow }
  | { readonly state: 'unknown' };

export class View extends CachedRows {
  /** The seq at or below which the children of a live directory are dead; undefined when the directory itself is dead. */
  async #clearedOf(parent: NodeId): Promise<number | undefined> {
    if (parent === rootId) return 0;
    const found = await this.find(parent);
    // An id that became an alias when its directory was dead: what died below it does not come back with the other one.
    return found.state === 'alive' && found.row.id === parent ? (found.row.cleared ?? 0) : undefined;
  }

  /** Follows aliases; tells the dead from the living, ancestors included. */
  async find(id: NodeId): Promise<Found> {
    const row = await this.row(idKey(id));
    if (row === undefined) return { state: 'unknown' };
    const place = parsedOnce(row, idRow);
    if ('alias' in place) return this.find(place.alias);
    if ('dead' in place) return { state: 'dead', row: place.last };
    const node = await this.nodeAt(place.key, place.parent);
    if (node === undefined || node.id !== id) return { state: 'unknown' }; // its row was taken after it died with its directory
    const cleared = await this.#clearedOf(place.parent);
    if (cleared === undefined || node.seq <= cleared) return { state: 'dead', row: node };
    return { state: 'alive', row: node, key: place.key };
  }

  /** The live child of a live directory that holds this name on the share (by fold key). */
  async childOnShare(parent: NodeId, shareName: string): Promise<NodeRow | undefined> {
    const node = await this.nodeAt(nodeKey(parent, shareName), parent);
    if (node === undefined) return undefined;
    const cleared = await this.#clearedOf(parent);
    return cleared === undefined || node.seq <= cleared ? undefined : node;
  }

  /** The live child with exactly this Linux name, wherever its share name had to go. */
  async childNamed(parent: NodeId, name: string): Promise<NodeRow | undefined> {
    this.reads.add(nameKey(parent, name));
    const plain = plainShareName(name);
    const there = plain === undefined ? undefined : await this.childOnShare(parent, plain);
    if (there?.name === name) return there;
    for (const id of (await this.markedIn(parent)).get(name) ?? []) {
      const found = await this.find(id);
      if (found.state === 'alive' && found.row.parent === parent && found.row.name === name) return found.row;
    }
    return undefined;
  }

  /** The live directory at a path of the share. */
  async directoryAt(path: string): Promise<NodeId | undefined> {
    let id = rootId;
    for (const name of path.split('/').filter((each) => each !== '')) {
      const child = await this.childOnShare(id, name);
      if (child?.kind !== 'directory') return undefined;
      id = child.id;
    }
    return id;
  }

  /** All live children of a live directory. */
  async children(parent: NodeId): Promise<readonly NodeRow[]> {
    const cleared = await this.#clearedOf(parent);
    if (cleared === undefined) return [];
    const out: NodeRow[] = [];
    const prefix = nodePrefix(parent);
    for await (const row of this.pages(prefix, after(prefix))) {
      const node = nodeRow.parse(row.value);
      if (node.seq > cleared) out.push(node);
    }
    return out;
  }

  /** From the node up to, not including, the root; undefined where the node is not alive. */
  async ancestry(id: NodeId): Promise<readonly NodeRow[] | undefined> {
    const chain: NodeRow[] = [];
    for (let at = id; at !== rootId;) {
      const found = await this.find(at);
      if (found.state !== 'alive') return undefined;
      chain.push(found.row);
      at = found.row.parent;
    }
    return chain;
  }

  /** The share path of a live directory (or file). */
  async pathOf(id: NodeId): Promise<string> {
    const chain = await this.ancestry(id);
    if (chain === undefined) throw new Error(`broken invariant: ${id} is not alive`);
    return chain
      .toReversed()
      .map((node) => shareNameOf(node))
      .join('/');
  }
}

export function shareNameOf(node: { readonly name: string; readonly share?: string | undefined }): string {
  return node.share ?? plainShareName(node.name) ?? node.name;
}

/** To the share a link is a file. */
export function shareKindOf(node: Pick<NodeRow, 'kind'>): ShareKind {
  return node.kind === 'directory' ? 'directory' : 'file';
}

export function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

/** `.tideway` at the root is ours, on the share as at a site. */
export function isOurs(parent: NodeId, shareName: string): boolean {
  return parent === rootId && shareName.toLowerCase() === ours;
}
