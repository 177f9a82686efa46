// A pure function of the node, so that a repeated plan never makes a second one.
import { utf8Length } from './conflict-name.ts';
import { markOf } from './mark.ts';
import type { NodeId } from './node.ts';

const maxBytes = 255;

/** Where a node waits while names go round in a circle: `<name>.<8 hex of the id>.tmp`, within 255 bytes. */
export function temporaryName(name: string, id: NodeId): string {
  const tail = tailOf(id);
  const points = Array.from(name);
  let bytes = utf8Length(name) + tail.length;
  while (bytes > maxBytes) bytes -= utf8Length(points.pop() ?? '');
  return points.join('') + tail;
}

/** Whether it is one that this node may have been given to wait at. */
export function isTemporaryName(name: string, id: NodeId): boolean {
  return name.endsWith(tailOf(id));
}

/** The name that the node waits for, or what it had: a cut one stays cut. Any other name is answered as it is. */
export function plainName(name: string, id: NodeId): string {
  const tail = tailOf(id);
  let plain = name;
  // Where the node was to wait twice before it went on.
  while (plain.endsWith(tail) && plain !== tail) plain = plain.slice(0, -tail.length);
  return plain;
}

function tailOf(id: NodeId): string {
  return `.${markOf(id)}.tmp`;
}
