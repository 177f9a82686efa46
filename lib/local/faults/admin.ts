// The switches of a running process, for tests in other processes: loopback only, with a token, and only where the process
// was started for tests.
import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { Switchboard } from './switchboard.ts';

export interface FaultAdmin {
  /** POST a description or several, DELETE them all, GET how many exchanges have met one. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startFaultAdmin(switchboard: Switchboard, token: string): Promise<FaultAdmin> {
  const server = createServer((request, response) => {
    answer(request, switchboard, token).then(
      ([status, body]) => write(response, status, body),
      (error: unknown) =>
        write(response, 400, { error: { code: codeOf(error) || 'failed', message: messageOf(error) } }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/faults`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, switchboard: Switchboard, token: string): Promise<[number, unknown]> {
  const body = await read(request);
  if (!isToken(request.headers.authorization ?? '', token)) return [401, {}];
  if (request.url !== '/faults') return [404, {}];
  const method = request.method ?? '';
  switch (method) {
    case 'GET':
      return [200, { struck: switchboard.struck() }];
    case 'POST':
      await switchboard.set(JSON.parse(body));
      return [200, {}];
    case 'DELETE':
      await switchboard.clear();
      return [200, {}];
    default:
      return [405, {}];
  }
}

function isToken(header: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(header), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function write(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
