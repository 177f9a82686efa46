// One HTTP request over kept-alive connections: the lean path of the few calls that every file takes.
import http from 'node:http';
import https from 'node:https';
import { count } from '../../base/counters.ts';

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
  const secure = url.protocol === 'https:';
  const module = secure ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: sockets, scheduling: 'fifo' });
  const { hostname, port } = url;
  return {
    request: (method, path, headers, body, timeoutMs) =>
      new Promise((resolve, reject) => {
        const options = { hostname, port, agent, method, path, headers };
        const request = module.request(options, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            if (!response.complete) reject(new Error('the answer was cut off'));
            const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
            count('bytes.received', whole.length);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole });
          });
        });
        request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
        request.on('error', reject);
        count('bytes.sent', body?.length ?? 0);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}
