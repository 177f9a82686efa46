import type { IncomingMessage, ServerResponse } from 'node:http';

export interface HttpRequest {
  readonly method: string;
  /** As a client would write it, query included. */
  readonly url: string;
  /** Still percent-encoded, without query. */
  readonly path: string;
  /** Repeated names are joined with a comma, as are repeated headers. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

export class BodyTooLarge extends Error {}

/** Reads a request whole. Errors: BodyTooLarge beyond `limit` bytes; the stream's own when the client goes away. */
export async function readRequest(message: IncomingMessage, origin: string, limit: number): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLarge(`The request body is larger than ${limit} bytes.`);
    chunks.push(chunk);
  }
  const target = message.url ?? '/';
  const at = target.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(message.headersDistinct)) headers[name] = (values ?? []).join(',');
  return {
    method: (message.method ?? 'GET').toUpperCase(),
    url: `${headers['host'] === undefined ? origin : `http://${headers['host']}`}${target}`,
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? {} : joined(new URLSearchParams(target.slice(at + 1))),
    headers,
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
  };
}

function joined(params: URLSearchParams): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of params) query[name] = name in query ? `${query[name]},${value}` : value;
  return query;
}

export function writeAnswer(response: ServerResponse, answer: HttpAnswer): void {
  const body = answer.body ?? '';
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const bodiless = answer.status === 204 || answer.status === 304;
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  if (!bodiless) response.setHeader('content-length', length);
  response.writeHead(answer.status);
  response.end(bodiless || length === 0 ? undefined : body);
}

export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) };
}
