import { FilesError } from './errors.ts';
import type { Request } from './request.ts';
import type { Share } from './shares.ts';
import { isoOf, normalIso } from './stamps.ts';
import type { Store } from './store.ts';
import { directoryKind, type Node } from './tree.ts';

export type SmbProperties = Pick<Node, 'attributes' | 'created' | 'written' | 'changed' | 'permission'>;

const flags = new Set(
  'ReadOnly Hidden System None Directory Archive Temporary Offline NotContentIndexed NoScrubData'.split(' '),
);

/**
 * The SMB properties that a request asks for. `base` is what stays when a header is absent or says `preserve` (`source`
 * in a copy), `inherited` what the directory lets inherit; the change time moves to `now` unless the request names one.
 * Inside a transaction: a new SDDL is added.
 */
export function smbProperties(
  store: Store,
  share: Share,
  request: Request,
  base: SmbProperties,
  inherited: () => string,
  now: string,
  kind: number,
): SmbProperties {
  const { headers } = request;
  return {
    attributes: attributes(headers.get('x-ms-file-attributes'), base.attributes, kind),
    created: time(headers.get('x-ms-file-creation-time'), base.created, now, 'x-ms-file-creation-time'),
    written: time(headers.get('x-ms-file-last-write-time'), base.written, now, 'x-ms-file-last-write-time'),
    changed: time(headers.get('x-ms-file-change-time'), now, now, 'x-ms-file-change-time'),
    permission: permission(store, share, request, base.permission, inherited),
  };
}

/** Inside a transaction: the permission that a child of the directory gets from it. */
export function inheritedBy(store: Store, share: Share, directory: Node, kind: number): string {
  return store.permissions.inherit(share.root, directory.permission, kind === directoryKind);
}

/** What a new file or directory has if nobody says otherwise. */
export function freshProperties(stamp: number, kind: number, inherited: string): SmbProperties {
  const now = isoOf(stamp);
  return {
    attributes: kind === directoryKind ? 'Directory' : 'Archive',
    created: now,
    written: now,
    changed: now,
    permission: inherited,
  };
}

export function isReadOnly(node: Node): boolean {
  return node.attributes.includes('ReadOnly');
}

export function time(header: string | undefined, kept: string, now: string, name: string): string {
  const asked = unlessKept(header);
  if (asked === undefined) return kept;
  if (asked.toLowerCase() === 'now') return now;
  const iso = normalIso(asked);
  if (iso === undefined) throw new FilesError('InvalidHeaderValue', name);
  return iso;
}

/** The value of a header, or undefined if it is absent or asks to keep what there is. */
function unlessKept(header: string | undefined): string | undefined {
  const lower = header?.toLowerCase();
  return lower === 'preserve' || lower === 'source' ? undefined : header;
}

function attributes(header: string | undefined, kept: string, kind: number): string {
  const asked = unlessKept(header);
  if (asked === undefined) return kept;
  const named = asked.split(/[|,]/).map((flag) => flag.trim());
  for (const flag of named) if (!flags.has(flag)) throw new FilesError('InvalidHeaderValue', 'x-ms-file-attributes');
  if (kind !== directoryKind && named.includes('Directory'))
    throw new FilesError('InvalidHeaderValue', 'x-ms-file-attributes');
  const set = named.filter((flag) => flag !== 'None');
  if (kind === directoryKind && !set.includes('Directory')) set.push('Directory');
  return set.length === 0 ? 'None' : set.join(' | ');
}

function permission(store: Store, share: Share, request: Request, kept: string, inherited: () => string): string {
  const sddl = request.headers.get('x-ms-file-permission');
  const key = request.headers.get('x-ms-file-permission-key');
  if (key !== undefined && sddl !== undefined) throw new FilesError('InvalidHeaderValue', 'x-ms-file-permission');
  const given = unlessKept(key ?? sddl);
  if (given === undefined) return kept;
  if (given.toLowerCase() === 'inherit') return inherited();
  if (key === undefined) return store.permissions.add(share.root, given);
  store.permissions.get(share.root, key);
  return key;
}

const stored = [
  ['x-ms-content-type', 'Content-Type'],
  ['x-ms-content-encoding', 'Content-Encoding'],
  ['x-ms-content-language', 'Content-Language'],
  ['x-ms-cache-control', 'Cache-Control'],
  ['x-ms-content-disposition', 'Content-Disposition'],
  ['x-ms-content-md5', 'Content-MD5'],
] as const;

/** The HTTP headers to keep with a file, a flat list in one text; '' if there are none. */
export function httpHeaders(request: Request): string {
  let out: string[] | undefined;
  for (const [from, to] of stored) {
    const value = request.headers.get(from);
    if (value !== undefined && value !== '') (out ??= []).push(to, value);
  }
  return out === undefined ? '' : formatPairs(out);
}

/** Stored headers with what tells of the copy that made the file, in place of what told of an earlier one (Set File Properties forgets it). */
export function withCopy(headers: string, copy: readonly string[]): string {
  const pairs = parsePairs(headers);
  const own: string[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2)
    if (pairs[i]?.startsWith('x-ms-copy-') !== true) own.push(pairs[i] ?? '', pairs[i + 1] ?? '');
  return formatPairs([...own, ...copy]);
}

export function metadataText(request: Request): string {
  return formatPairs(request.metadata);
}

/** Names and values by turns, a line each: none of them can hold a line break, for all come from HTTP headers. */
export function formatPairs(pairs: readonly string[]): string {
  return pairs.join('\n');
}

export function parsePairs(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}
