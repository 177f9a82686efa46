// A naive three-way merge of trees by node id, for changes that do not conflict. It knows nothing of operations, order or
// versions: each field of each node comes from the side that changed it.
import type { NodeId } from '../../lib/core/node.ts';
import type { Item, Shape } from './perturb.ts';

/** The merged tree, or undefined where the changes touch each other: then the rules of conflict decide, not this. */
export function merge(base: Shape, one: Shape, other: Shape): Shape | undefined {
  const merged: Shape = new Map();
  for (const id of new Set([...base.keys(), ...one.keys(), ...other.keys()])) {
    const item = mergeOne(base.get(id), one.get(id), other.get(id));
    if (item === 'conflict') return undefined;
    if (item !== undefined) merged.set(id, item);
  }
  return isTree(merged) ? merged : undefined;
}

function mergeOne(
  base: Item | undefined,
  one: Item | undefined,
  other: Item | undefined,
): Item | undefined | 'conflict' {
  if (base === undefined) return one ?? other;
  if (one === undefined || other === undefined) {
    const left = one ?? other;
    return left === undefined || same(left, base) ? undefined : 'conflict';
  }
  const place = pick(at(base), at(one), at(other));
  const content = pick(base.content, one.content, other.content);
  const attributes = pick(extra(base), extra(one), extra(other));
  if (place === undefined || content === undefined || attributes === undefined) return 'conflict';
  const placed = place === at(one) ? one : other;
  const written = attributes === extra(one) ? one : other;
  return { ...base, parent: placed.parent, name: placed.name, content, mtime: written.mtime, mode: written.mode };
}

function pick(base: string, one: string, other: string): string | undefined {
  if (one === other || other === base) return one;
  return one === base ? other : undefined;
}

function at(item: Item): string {
  return `${item.parent}/${item.name}`;
}

function extra(item: Item): string {
  return item.kind === 'file' ? `${item.mode} ${item.mtime}` : `${item.mode}`;
}

function same(a: Item, b: Item): boolean {
  return at(a) === at(b) && a.content === b.content && extra(a) === extra(b);
}

function isTree(shape: Shape): boolean {
  const places = new Set<string>();
  for (const item of shape.values()) {
    if (places.has(at(item))) return false;
    places.add(at(item));
  }
  for (const { id, parent } of shape.values()) {
    if (parent !== 'root' && shape.get(parent)?.kind !== 'directory') return false;
    const seen = new Set<NodeId>();
    for (let up: NodeId | undefined = id; up !== undefined; up = shape.get(up)?.parent) {
      if (seen.has(up)) return false;
      seen.add(up);
    }
  }
  return true;
}
