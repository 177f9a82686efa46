// The XML of List Directories and Files, read without a parser: its shape is fixed, and it is read for every message.
import type { ShareEntry, ShareSnapshot } from '../../cloud/ports.ts';

export function parseListing(xml: string): { readonly entries: readonly ShareEntry[]; readonly next: string } {
  const entries: ShareEntry[] = [];
  for (const [, tag, body] of xml.matchAll(/<(File|Directory)>(.*?)<\/\1>/gs)) {
    if (body === undefined) continue;
    const name = nameOf(body);
    if (name === undefined) continue;
    entries.push({
      name,
      kind: tag === 'File' ? 'file' : 'directory',
      size: Number(text(body, 'Content-Length') || '0'),
      etag: quoted(unescape(text(body, 'Etag'))),
      fileId: text(body, 'FileId'),
      lastWrite: text(body, 'LastWriteTime'),
      changedAt: Date.parse(text(body, 'ChangeTime') || text(body, 'Last-Modified')) || 0,
    });
  }
  return { entries, next: unescape(text(xml, 'NextMarker')) };
}

/** The snapshots of one share among those of all shares whose names begin alike. */
export function parseSnapshots(
  xml: string,
  share: string,
): { readonly snapshots: readonly ShareSnapshot[]; readonly next: string } {
  const snapshots: ShareSnapshot[] = [];
  for (const [, body = ''] of xml.matchAll(/<Share>(.*?)<\/Share>/gs)) {
    const id = text(body, 'Snapshot');
    if (id === '' || text(body, 'Name') !== share) continue;
    const pairs = text(body, 'Metadata').matchAll(/<([^<>/ ]+)>(.*?)<\/\1>/gs);
    const metadata = Object.fromEntries(Array.from(pairs, ([, key = '', value = '']) => [key, unescape(value)]));
    snapshots.push({ id, metadata });
  }
  return { snapshots, next: unescape(text(xml, 'NextMarker')) };
}

function nameOf(body: string): string | undefined {
  const match = /<Name( Encoded="true")?>(.*?)<\/Name>/s.exec(body);
  if (match === null) return undefined;
  const name = unescape(match[2] ?? '');
  return match[1] === undefined ? name : decoded(name);
}

/** Undefined for a lone surrogate, which an SMB client may have written: no URL can name it, so nobody could do anything to it. */
function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function text(xml: string, tag: string): string {
  const open = xml.indexOf(`<${tag}>`);
  const start = open + tag.length + 2;
  const end = open < 0 ? -1 : xml.indexOf(`</${tag}>`, start);
  return end < 0 ? '' : xml.slice(start, end);
}

/** Listings give ETags with or without their quotes, headers always with them: one form everywhere. */
function quoted(etag: string): string {
  return etag === '' || etag.startsWith('"') ? etag : `"${etag}"`;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(/&(#x?[0-9a-fA-F]+|[a-z]+);/g, (whole, entity: string) => {
    if (!entity.startsWith('#')) return entities[entity] ?? whole;
    const hex = entity[1] === 'x';
    return String.fromCodePoint(Number.parseInt(entity.slice(hex ? 2 : 1), hex ? 16 : 10));
  });
}
