// One HTTP request over kept-alive connections: the lean path of the few calls that every file takes.
import http from 'node:http';
import https from 'node:https';
import { count } from '../../base/counters.ts';
import { Pool } from '../../base/pool.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Connection {
  /** `path` begins with `/` and is sent as it is. Rejects when no whole answer came within `timeoutMs`. */
  request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    timeoutMs: number,
  ): Promise<Answer>;
  close(): void;
}

/** Connections to one origin, for example `http://127.0.0.1:10000`; at most `sockets` at once, the rest waits. */
export function connect(origin: string, sockets: number): Connection {
  const url = new URL(origin);
  const module = url.protocol === 'https:' ? https : http;
  // Who waits does so here: Node's agent counts connections that broke in the wrong moment for ever, and when all are, every
  // later request waits in it, where no time-out reaches it.
  const places = new Pool(sockets);
  const agent = new module.Agent({ keepAlive: true, scheduling: 'fifo' });
  const { hostname, port } = url;
  return {
    request: (method, path, headers, body, timeoutMs) =>
      places.run(() => exchange(module.request({ hostname, port, agent, method, path, headers }), body, timeoutMs)),
    close: () => agent.destroy(),
  };
}

function exchange(request: http.ClientRequest, body: Uint8Array | undefined, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(late);
      reject(error);
    };
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(late);
        if (!response.complete) reject(new Error('the answer was cut off'));
        const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
        count('bytes.received', whole.length);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole });
      });
    });
    // RACE: a kept connection that breaks after it was given out, and before the request listens to it, tells nobody any more.
    request.on('socket', (socket) => {
      if (socket.destroyed) request.destroy(new Error('the connection was lost'));
    });
    request.on('error', fail);
    count('bytes.sent', body?.length ?? 0);
    request.end(body);
  });
}
