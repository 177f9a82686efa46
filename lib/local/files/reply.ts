import { brokenOf, holderOf } from './leases.ts';
import { parsePairs } from './properties.ts';
import { etagOf, httpDateOf } from './stamps.ts';
import type { Node } from './tree.ts';

export interface Reply {
  readonly status: number;
  /** Flat: name, value, name, value, ... */
  readonly headers: string[];
  readonly body?: string | Uint8Array | undefined;
  /** Instead of a body: its pieces, whose length the headers announce. */
  readonly stream?: AsyncGenerator<Uint8Array, void, void> | undefined;
}

/** ETag and Last-Modified of a change that happened at `stamp`. */
export function changedHeaders(stamp: number): string[] {
  return ['ETag', etagOf(stamp), 'Last-Modified', httpDateOf(stamp)];
}

/** What a request that wrote a file or directory answers. */
export function writtenReply(status: number, node: Node): Reply {
  const headers = changedHeaders(node.etag);
  headers.push('x-ms-request-server-encrypted', 'true');
  pushSmb(headers, node);
  return { status, headers };
}

/** What a request that reads a file or directory answers, besides lengths. */
export function nodeHeaders(node: Node): string[] {
  const headers = changedHeaders(node.etag);
  headers.push('x-ms-server-encrypted', 'true');
  pushSmb(headers, node);
  const metadata = parsePairs(node.metadata);
  for (let i = 0; i + 1 < metadata.length; i += 2)
    headers.push(`x-ms-meta-${metadata[i] ?? ''}`, metadata[i + 1] ?? '');
  return headers;
}

const leaseBroken: readonly string[] = ['x-ms-lease-state', 'broken', 'x-ms-lease-status', 'unlocked'];
const leaseFree: readonly string[] = ['x-ms-lease-state', 'available', 'x-ms-lease-status', 'unlocked'];

export function leaseHeaders(node: Node): readonly string[] {
  if (node.lease === '') return leaseFree;
  if (brokenOf(node) !== '') return leaseBroken;
  return holderOf(node) === ''
    ? leaseFree
    : ['x-ms-lease-state', 'leased', 'x-ms-lease-status', 'locked', 'x-ms-lease-duration', 'infinite'];
}

export function xmlReply(body: string, headers: string[] = []): Reply {
  headers.push('Content-Type', 'application/xml');
  return { status: 200, headers, body };
}

function pushSmb(headers: string[], node: Node): void {
  headers.push(
    'x-ms-file-attributes',
    node.attributes,
    'x-ms-file-creation-time',
    node.created,
    'x-ms-file-last-write-time',
    node.written,
    'x-ms-file-change-time',
    node.changed,
    'x-ms-file-permission-key',
    node.permission,
    'x-ms-file-id',
    String(node.id),
    'x-ms-file-parent-id',
    String(node.parent),
  );
}
