import { given } from '../../core/attributes.ts';
import type { Attributes } from '../../core/node.ts';

/** Attributes as one text (null: none are given), the same for the same: so that a query can tell whether they differ. */
export function packAttributes(attributes: Attributes): string | null {
  const { owner, group, xattrs } = given(attributes);
  if (owner === undefined && group === undefined && xattrs === undefined) return null;
  const sorted = xattrs === undefined ? undefined : Object.entries(xattrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ owner, group, xattrs: sorted === undefined ? undefined : Object.fromEntries(sorted) });
}

/** Most rows have the same text as many others. */
const unpacked = new Map<string, Attributes>();
const remembered = 256;

/** Shared: nobody changes what it answers. */
export function unpackAttributes(text: unknown): Attributes {
  if (typeof text !== 'string') return none;
  const known = unpacked.get(text);
  if (known !== undefined) return known;
  const attributes = JSON.parse(text) as Attributes;
  if (unpacked.size >= remembered) unpacked.clear();
  unpacked.set(text, attributes);
  return attributes;
}

const none: Attributes = {};
