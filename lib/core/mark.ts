import type { NodeId } from './node.ts';

/** Eight hex digits of an id. Ids of one endpoint differ only in their last characters, so they are hashed (FNV-1a), not cut. */
export function markOf(id: NodeId): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return h.toString(16).padStart(8, '0');
}
