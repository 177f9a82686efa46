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

function tailOf(id: NodeId): string {
  return `.${markOf(id)}.tmp`;
}
