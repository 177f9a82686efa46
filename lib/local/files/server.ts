import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { codeOf } from '../../base/errors.ts';
import type { Certificate } from './certificate.ts';
import { FilesError } from './errors.ts';
import type { Reply } from './reply.ts';
import { structuredOverhead } from './structured-body.ts';
import { escape } from './xml.ts';

/** Most bytes of a request body. */
const maxBody = 4 * 2 ** 20;

/** One HTTP request in, one answer out; the parts that know nothing of files. With a certificate it is https. */
export function listen(
  serve: (http: IncomingMessage, response: ServerResponse) => Promise<void>,
  host: string,
  port: number,
  certificate?: Certificate,
): Promise<Server> {
  const options = { keepAliveTimeout: 120_000, maxHeaderSize: 65_536 };
  const listener = (http: IncomingMessage, response: ServerResponse): void => void serve(http, response);
  const server =
    certificate === undefined
      ? createServer(options, listener)
      : createSecureServer({ ...options, ...certificate }, listener);
  // Clients keep connections for long; what is idle costs nothing, and the next request needs no new one.
  server.requestTimeout = 0;
  server.on('connection', (socket) => socket.setNoDelay(true));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

const nothing = Buffer.alloc(0);

/** The whole body. Errors: MissingContentLengthHeader, RequestBodyTooLarge; a broken connection rejects with its error. */
export function readBody(
  http: IncomingMessage,
  headers: ReadonlyMap<string, string>,
): Promise<Uint8Array> | Uint8Array {
  const announced = headers.get('content-length');
  if (announced === undefined) {
    if (headers.has('transfer-encoding')) throw new FilesError('MissingContentLengthHeader');
    return nothing;
  }
  if (announced === '0') return nothing;
  const limit = headers.has('x-ms-structured-body') ? maxBody + structuredOverhead : maxBody;
  if (Number(announced) > limit) throw new FilesError('RequestBodyTooLarge');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    http.on('data', (chunk: Buffer) => chunks.push(chunk));
    http.once('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? nothing) : Buffer.concat(chunks)));
    http.once('error', reject);
  });
}

/** `common` are headers every answer has. Settles when the answer is handed over, or the client is gone. */
export async function send(
  response: ServerResponse,
  method: string | undefined,
  reply: Reply,
  common: readonly string[],
): Promise<number> {
  const { headers, body, stream } = reply;
  for (const item of common) headers.push(item);
  if (stream === undefined) {
    if (body === undefined) {
      if (method !== 'HEAD') headers.push('Content-Length', '0');
      response.writeHead(reply.status, headers).end();
      return 0;
    }
    if (typeof body === 'string') headers.push('Content-Length', String(Buffer.byteLength(body)));
    response.writeHead(reply.status, headers).end(body);
    return body.length;
  }
  response.writeHead(reply.status, headers);
  let sent = 0;
  try {
    for await (const piece of stream) {
      sent += piece.length;
      if (response.destroyed) break;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } catch (error) {
    // The status has gone out already: only a broken connection can still tell that the content is not whole.
    response.destroy();
    throw error;
  }
  return sent;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });
}

export function refusal(status: number, code: string, text: string): Reply {
  return {
    status,
    headers: ['x-ms-error-code', code, 'Content-Type', 'application/xml'],
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${escape(text)}</Message></Error>`,
  };
}

/** True for what a client causes by going away in the middle. */
export function isDisconnect(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(codeOf(error));
}
