// A pure function of the node, so that a repeated plan never makes a second one.
import { utf8Length } from './conflict-name.ts';
import type { NodeId } from './node.ts';

const maxBytes = 255;

/** Where a node waits while names go round in a circle: `<name>.<8 hex of the id>.tmp`, within 255 bytes. */
export function temporaryName(name: string, id: NodeId): string {
  const tail = `.${markOf(id)}.tmp`;
  const points = Array.from(name);
  let bytes = utf8Length(name) + tail.length;
  while (bytes > maxBytes) bytes -= utf8Length(points.pop() ?? '');
  return points.join('') + tail;
}

/** Eight hex digits of an id. Ids of one endpoint differ only in their last characters, so they are hashed (FNV-1a), not cut. */
function markOf(id: NodeId): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return h.toString(16).padStart(8, '0');
}
