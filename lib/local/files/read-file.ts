import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import { gather, read, slice } from './contents.ts';
import { md5 } from './create-file.ts';
import { FilesError } from './errors.ts';
import { checkReadLease } from './leases.ts';
import { existing, locate } from './locate.ts';
import type { Call } from './operation.ts';
import { parsePairs } from './properties.ts';
import type { Ranges } from './ranges.ts';
import { leaseHeaders, nodeHeaders, type Reply } from './reply.ts';
import type { Request } from './request.ts';
import { fileKind, type Node } from './tree.ts';

const maxMd5Range = 4 * 2 ** 20;

/** Get File Properties: the truth also while SMB clients write. */
export function headFile({ store, request }: Call): Reply {
  const node = existing(store, locate(store, request), fileKind);
  checkReadLease(node, request.headers.get('x-ms-lease-id'));
  const headers = nodeHeaders(node);
  headers.push('x-ms-type', 'File', 'Content-Length', String(node.size), ...leaseHeaders(node));
  pushStored(headers, node, 'Content-MD5', request);
  return { status: 200, headers };
}

/** Get File, whole or a range. */
export async function getFile(call: Call): Promise<Reply> {
  const { store, request } = call;
  for (let attempt = 1; ; attempt++) {
    const place = locate(store, request);
    const node = existing(store, place, fileKind);
    if (place.snapshot === 0) store.handles.check(node.id, 'read');
    checkReadLease(node, request.headers.get('x-ms-lease-id'));
    const range = rangeOf(request, node.size);
    const [start, end] = range ?? [0, node.size];
    const content = store.contents.get(node.content);
    const headers = getHeaders(node, range, request);
    headers.push('Content-Length', String(end - start));
    const status = range === undefined ? 200 : 206;
    const withMd5 = wantsMd5(request, start, end);
    if (content.bytes !== undefined) {
      const body = slice(content.bytes, start, end);
      if (withMd5) headers.push('Content-MD5', md5(body));
      return { status, headers, body };
    }
    try {
      const handle = content.ranges.length === 0 ? undefined : await store.contents.files.openForReading(content.id);
      const stream = closing(handle, content.ranges, start, end);
      if (!withMd5) return { status, headers, stream };
      const body = await gather(stream);
      headers.push('Content-MD5', md5(body));
      return { status, headers, body };
    } catch (error) {
      // The file was replaced between the look at its row and the open: the next look sees what is there now.
      if (codeOf(error) !== 'ENOENT' || attempt === 3) throw error;
    }
  }
}

async function* closing(handle: FileHandle | undefined, ranges: Ranges, start: number, end: number) {
  try {
    yield* read(handle, ranges, start, end);
  } finally {
    await handle?.close();
  }
}

function getHeaders(node: Node, range: readonly [number, number] | undefined, request: Request): string[] {
  const headers = nodeHeaders(node);
  headers.push('Accept-Ranges', 'bytes', ...leaseHeaders(node));
  pushStored(headers, node, range === undefined ? 'Content-MD5' : 'x-ms-content-md5', request);
  if (range !== undefined) headers.push('Content-Range', `bytes ${range[0]}-${range[1] - 1}/${node.size}`);
  return headers;
}

/** A service SAS may name headers of its own in place of the stored ones; it signs them, so they are as sent. */
const overrides = new Map([
  ['Cache-Control', 'rscc'],
  ['Content-Disposition', 'rscd'],
  ['Content-Encoding', 'rsce'],
  ['Content-Language', 'rscl'],
  ['Content-Type', 'rsct'],
]);

function pushStored(headers: string[], node: Node, md5Name: string, { query }: Request): void {
  let typed = false;
  const given = query.has('sr') ? [...overrides].filter(([, parameter]) => query.has(parameter)) : [];
  for (const [name, parameter] of given) {
    headers.push(name, query.get(parameter) ?? '');
    typed ||= name === 'Content-Type';
  }
  const pairs = parsePairs(node.headers);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (given.some(([other]) => other === name)) continue;
    typed ||= name === 'Content-Type';
    headers.push(name === 'Content-MD5' ? md5Name : name, pairs[i + 1] ?? '');
  }
  if (!typed) headers.push('Content-Type', 'application/octet-stream');
}

function wantsMd5(request: Request, start: number, end: number): boolean {
  if (request.headers.get('x-ms-range-get-content-md5') !== 'true') return false;
  if (end - start > maxMd5Range) throw new FilesError('OutOfRangeInput', 'x-ms-range-get-content-md5');
  return true;
}

/** The range asked for, half-open and cut to the size; undefined for all. Errors: InvalidRange, InvalidHeaderValue. */
function rangeOf(request: Request, size: number): readonly [number, number] | undefined {
  const text = request.headers.get('x-ms-range') ?? request.headers.get('range');
  if (text === undefined) return undefined;
  const [start, end] = parseRange(text);
  if (start >= size) throw new FilesError('InvalidRange');
  return [start, Math.min(end, size)];
}

/** `bytes=a-b` or `bytes=a-` as a half-open range. */
export function parseRange(text: string): readonly [number, number] {
  const match = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(text);
  if (match === null) throw new FilesError('InvalidHeaderValue', 'range');
  const start = Number(match[1]);
  const end = match[2] === undefined ? Number.MAX_SAFE_INTEGER : Number(match[2]) + 1;
  if (end <= start) throw new FilesError('InvalidHeaderValue', 'range');
  return [start, end];
}
