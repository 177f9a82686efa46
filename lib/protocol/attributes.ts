// Mode, owner, group and extended attributes: their bounds, and their form as metadata of a file or directory on the share.
import { z } from 'zod';
import type { Attributes } from '../core/node.ts';

/** JSON of one node's extended attributes at most: it is in several rows of one transaction. */
export const maxXattrBytes = 16 * 1024;
/** What of it goes to the share: all metadata of a file together has 8 KiB there, and names may take half of that. */
const maxShareXattrs = 4 * 1024;

const owner = z.string().min(1).max(255);
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** How attributes stand in operations and rows; each may be absent, which leaves it as it is. */
export const attributeFields = {
  owner: owner.optional(),
  group: owner.optional(),
  xattrs: z
    .record(
      z
        .string()
        .regex(/^user\../)
        .max(255),
      base64,
    )
    .refine((xattrs) => sizeOf(xattrs) <= maxXattrBytes)
    .optional(),
};
const attributes = z.object(attributeFields);

/** Where extended attributes find room: everywhere, in the row only (other sites get them, the share does not), or nowhere. */
export function roomFor(xattrs: Readonly<Record<string, string>>): 'share' | 'row' | 'none' {
  if (packed(xattrs).length <= maxShareXattrs) return 'share';
  return sizeOf(xattrs) <= maxXattrBytes ? 'row' : 'none';
}

function sizeOf(xattrs: Readonly<Record<string, string>>): number {
  return Buffer.byteLength(JSON.stringify(xattrs));
}

function packed(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const keys = { mode: 'tw_mode', owner: 'tw_owner', group: 'tw_group', xattrs: 'tw_xattrs' } as const;

/** The metadata with what is given put over it; what is not given stays. Values are ASCII, as headers want them. */
export function withAttributes(
  metadata: Readonly<Record<string, string>>,
  given: Attributes & { readonly mode?: number | undefined },
): Record<string, string> {
  const { mode, xattrs } = given;
  const out = { ...metadata };
  if (mode !== undefined) out[keys.mode] = mode.toString(8);
  for (const field of ['owner', 'group'] as const) {
    const name = given[field];
    if (name !== undefined) out[keys[field]] = packed(name);
  }
  if (xattrs !== undefined) delete out[keys.xattrs];
  if (xattrs !== undefined && Object.keys(xattrs).length > 0 && roomFor(xattrs) === 'share')
    out[keys.xattrs] = packed(xattrs);
  return out;
}

/** What the metadata says; what somebody else wrote there, and is not of our form, says nothing. */
export function attributesIn(metadata: Readonly<Record<string, string>>): Attributes & { readonly mode?: number } {
  const mode = /^[0-7]{1,3}$/.test(metadata[keys.mode] ?? '')
    ? { mode: Number.parseInt(metadata[keys.mode] ?? '', 8) }
    : {};
  const found: Record<string, unknown> = {};
  for (const field of ['owner', 'group', 'xattrs'] as const) {
    const value = unpacked(metadata[keys[field]]);
    if (attributes.safeParse({ [field]: value }).success && value !== undefined) found[field] = value;
  }
  return { ...mode, ...attributes.parse(found) };
}

function unpacked(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined; // written by somebody else
  }
}
