// Requests over connections that break at any moment: each gets its answer or an error, soon, and later ones go through.
import { createServer, type Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect, type Connection } from '../../lib/azure/rest/request.ts';

let server: Server;
let connection: Connection;
const open = new Set<Socket>();
let awayUntil = 0;
const plain = Reflect.get(Socket.prototype, 'connect') as (this: Socket, ...args: unknown[]) => Socket;

beforeEach(async () => {
  Reflect.set(Socket.prototype, 'connect', function remember(this: Socket, ...args: unknown[]): Socket {
    open.add(this);
    this.once('close', () => open.delete(this));
    const [first] = args;
    const options: unknown = Array.isArray(first) ? first[0] : first;
    // Nobody listens there: the refusal is the kernel's own.
    if (performance.now() < awayUntil && typeof options === 'object' && options !== null)
      Object.assign(options, { port: 1 });
    return plain.apply(this, args);
  });
  server = createServer((request, response) => {
    if (request.url === '/never') return;
    request.resume().on('end', () => response.end(request.url));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  connection = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 4);
});

afterEach(async () => {
  Reflect.set(Socket.prototype, 'connect', plain);
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (path: string, timeoutMs = 10_000): Promise<string> =>
  connection.request('GET', path, { 'content-length': '0' }, undefined, timeoutMs).then(({ body }) => body.toString());

function cut(): void {
  awayUntil = performance.now() + 3;
  for (const socket of open) socket.destroy(Object.assign(new Error('cut'), { code: 'ECONNRESET' }));
}

test('every request ends, however often all connections break', async () => {
  let [answers, errors] = [0, 0];
  let working = true;
  const lane = async (name: number): Promise<void> => {
    for (let n = 0; n < 1000; n++) {
      try {
        expect(await ask(`/${name}-${n}`)).toBe(`/${name}-${n}`);
        answers++;
      } catch (error) {
        if (error instanceof Error && error.message.includes('expect')) throw error;
        errors++;
      }
    }
  };
  const cutting = (async () => {
    while (working) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      cut();
    }
  })();
  await Promise.all(Array.from({ length: 16 }, (_, name) => lane(name)));
  working = false;
  await cutting;
  awayUntil = 0;
  expect(answers + errors).toBe(16 * 1000);
  expect(errors).toBeGreaterThan(0);
  expect(await Promise.all(['/a', '/b', '/c', '/d', '/e'].map((path) => ask(path)))).toEqual([
    '/a',
    '/b',
    '/c',
    '/d',
    '/e',
  ]);
});

test('one that gets no answer ends after its time, also while it waits behind others', async () => {
  const began = performance.now();
  const hanging = Array.from({ length: 4 }, () => ask('/never', 100));
  const behind = ask('/behind');
  for (const each of hanging) await expect(each).rejects.toThrow('no answer within 100 ms');
  expect(await behind).toBe('/behind');
  expect(performance.now() - began).toBeLessThan(9_000);
});
