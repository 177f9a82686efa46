// The body of a $batch: multipart/mixed with one change set (multipart/mixed again) of application/http parts, as in
// "Performing entity group transactions"; or with a single query outside any change set.
import { refusal } from './errors.ts';

export interface Part {
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Batch {
  readonly kind: 'changes' | 'query';
  readonly parts: readonly Part[];
}

/** Reads the parts. `contentType` is the request's. Refuses (InvalidInput) what is not a batch. */
export function readBatch(contentType: string | undefined, body: string): Batch {
  const pieces = split(body, boundaryIn(contentType));
  const [only] = pieces;
  if (only === undefined || pieces.length !== 1) throw malformed();
  const { headers, rest } = headed(only);
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('application/http')) {
    const part = readPart(rest);
    if (part.method !== 'GET') throw malformed();
    return { kind: 'query', parts: [part] };
  }
  return {
    kind: 'changes',
    parts: split(rest, boundaryIn(type)).map((piece) => {
      const inner = headed(piece);
      if (inner.headers.get('content-type')?.startsWith('application/http') !== true) throw malformed();
      return readPart(inner.rest);
    }),
  };
}

function malformed(): Error {
  return refusal('InvalidInput', 'The batch request is malformed.');
}

function boundaryIn(contentType: string | undefined): string {
  const [, quoted, plain] = /^multipart\/mixed\s*;.*?boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed();
  return boundary;
}

/**
 * The contents between delimiter lines. A delimiter starts a line, and a line break cannot stand inside a JSON string,
 * so no entity can forge one.
 */
function split(text: string, boundary: string): string[] {
  const delimited = `\n${text}`.split(`\n--${boundary}`);
  const closing = delimited.pop();
  if (delimited.length < 2 || closing?.startsWith('--') !== true) throw malformed();
  return delimited.slice(1).map((piece) => {
    const lineEnd = piece.indexOf('\n');
    // Anything but white space behind the boundary would make it another, longer boundary.
    if (lineEnd < 0 || piece.slice(0, lineEnd).trim() !== '') throw malformed();
    return piece.slice(lineEnd + 1);
  });
}

function headed(text: string): { readonly headers: ReadonlyMap<string, string>; readonly rest: string } {
  const headers = new Map<string, string>();
  let at = 0;
  for (;;) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end).trimEnd();
    if (line !== '') {
      const colon = line.indexOf(':');
      if (colon < 1) throw malformed();
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    at = end < 0 ? text.length : end + 1;
    if (line === '' || end < 0) return { headers, rest: text.slice(at) };
  }
}

const requestLine = /^([A-Z]+) (\S+) HTTP\/1\.\d\r?$/;

function readPart(text: string): Part {
  const end = text.indexOf('\n');
  const [, method, url] = requestLine.exec(end < 0 ? text : text.slice(0, end)) ?? [];
  if (method === undefined || url === undefined) throw malformed();
  const { headers, rest } = headed(end < 0 ? '' : text.slice(end + 1));
  return { method, url, headers, body: rest };
}
