// Random trees: one generated and others perturbed from it, so that they overlap. Names and contents come from small pools,
// so that they meet.
import { rootId, type NodeId } from '../../lib/core/node.ts';

export interface Item {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly content: string;
  readonly mtime: number;
  readonly mode: number;
}

export type Shape = Map<NodeId, Item>;

/** One random edit: what is done, and three numbers that choose to what. */
export interface Turn {
  readonly what: 'create' | 'mkdir' | 'edit' | 'move' | 'rename' | 'swap' | 'delete' | 'chmod' | 'touch';
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const names = ['a', 'b', 'c', 'd'];

/** Applies the turns in place; `who` makes ids and contents of its own, a few contents are everybody's. */
export function perturb(shape: Shape, turns: readonly Turn[], who: string, clock: { now: number }): void {
  let count = 0;
  for (const { what, a, b, c } of turns) {
    count++;
    clock.now++;
    const items = [...shape.values()];
    const item = items[a % Math.max(items.length, 1)];
    const directories = [rootId, ...items.filter(({ kind }) => kind === 'directory').map(({ id }) => id)];
    const parent = directories[b % directories.length] ?? rootId;
    const name = names[c % names.length] ?? 'a';
    const content = c % 5 === 0 ? 'shared' : `${who}${count}`;
    const mtime = clock.now;
    if (what === 'create' || what === 'mkdir') {
      const kind = what === 'create' ? 'file' : 'directory';
      if (free(shape, parent, name))
        add(shape, {
          id: `${who}-${count}`,
          parent,
          name,
          kind,
          content: kind === 'file' ? content : '',
          mtime,
          mode: 0o644,
        });
    } else if (item === undefined) continue;
    else if (what === 'delete') remove(shape, item.id);
    else if (what === 'chmod') add(shape, { ...item, mode: 0o600 + (c % 4) });
    else if (what === 'edit' && item.kind === 'file') add(shape, { ...item, content, mtime });
    else if (what === 'touch' && item.kind === 'file') add(shape, { ...item, mtime });
    else if (what === 'move') place(shape, item, parent, name);
    else if (what === 'rename') place(shape, item, item.parent, name);
    else if (what === 'swap') swap(shape, item, items[b % items.length] ?? item);
  }
}

function add(shape: Shape, item: Item): void {
  shape.set(item.id, item);
}

function free(shape: Shape, parent: NodeId, name: string): boolean {
  for (const item of shape.values()) if (item.parent === parent && item.name === name) return false;
  return true;
}

function isBelow(shape: ReadonlyMap<NodeId, { parent: NodeId }>, id: NodeId, top: NodeId): boolean {
  for (let up: NodeId | undefined = id; up !== undefined; up = shape.get(up)?.parent) if (up === top) return true;
  return false;
}

function place(shape: Shape, item: Item, parent: NodeId, name: string): void {
  if (free(shape, parent, name) && !isBelow(shape, parent, item.id)) add(shape, { ...item, parent, name });
}

function swap(shape: Shape, one: Item, other: Item): void {
  if (isBelow(shape, one.id, other.id) || isBelow(shape, other.id, one.id)) return;
  add(shape, { ...one, parent: other.parent, name: other.name });
  add(shape, { ...other, parent: one.parent, name: one.name });
}

function remove(shape: Shape, id: NodeId): void {
  for (const item of shape.values()) if (item.parent === id) remove(shape, item.id);
  shape.delete(id);
}
