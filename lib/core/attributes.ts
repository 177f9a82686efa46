// Owner, group and extended attributes in the three trees. A site that cannot see or set one of them leaves it out, and what
// is left out is never a difference: else two sites that map names differently would take turns for ever.
import type { Attributes } from './node.ts';

type Values = Required<Attributes>;

/** The ones that are given, to be put over others: an absent one takes nothing away. */
export function given({ owner, group, xattrs }: Attributes): Attributes {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

/** Whether `a` gives something that `b` lacks or has otherwise. */
export function addsTo(a: Attributes, b: Attributes): boolean {
  return !givesNone(a) && all.some((field) => a[field] !== undefined && !same(a[field], b[field]));
}

/** Whether both give something, and not alike. */
export function contradicts(a: Attributes, b: Attributes): boolean {
  return (
    !givesNone(a) && all.some((field) => a[field] !== undefined && b[field] !== undefined && !same(a[field], b[field]))
  );
}

/**
 * What counts as agreed without any work: what both sides have alike, and what nobody ever said of a node that is here, so
 * that from now on a change of it is one.
 */
export function agreedOn(local: Attributes, synced: Attributes, remote: Attributes): Attributes | undefined {
  if (givesNone(local)) return undefined;
  const fields = each((field) => {
    if (local[field] === undefined || same(local[field], synced[field])) return false;
    return remote[field] === undefined ? synced[field] === undefined : same(local[field], remote[field]);
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields.map((field) => [field, local[field]]));
}

/**
 * What the site has, in the words of the others: while the site shows what it showed (`seen`) when they were told to it, it
 * is still what they call it, though it could not be set here (a user that this site does not know).
 */
export function recorded(
  found: Attributes,
  before: (Attributes & { readonly seen?: Attributes | undefined }) | undefined,
): Attributes {
  const fields = each((field) => found[field] !== undefined);
  return Object.fromEntries(
    fields.map((field) => {
      const known = before?.[field];
      const still = known !== undefined && before?.seen !== undefined && same(before.seen[field], found[field]);
      return [field, still ? known : found[field]];
    }),
  );
}

const all = ['owner', 'group', 'xattrs'] as const;

function each(is: (field: keyof Values) => boolean): readonly (keyof Values)[] {
  return all.filter(is);
}

/** Most nodes of most sites: not worth a closer look. */
function givesNone({ owner, group, xattrs }: Attributes): boolean {
  return owner === undefined && group === undefined && xattrs === undefined;
}

type Value = Attributes[keyof Attributes];

function same(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
