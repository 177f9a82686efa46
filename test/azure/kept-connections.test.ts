// Which connections are kept, and which are not: counted at a server that sees each.
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { connect, type Connection } from '../../lib/azure/rest/request.ts';
import type { Answer } from '../../lib/azure/rest/answer-reader.ts';
import { systemRandom } from '../../lib/base/random.ts';
import { makeCertificate } from '../../lib/local/files/certificate.ts';

let server: Server;
let connection: Connection;
const sockets: Socket[] = [];

async function listen(made: Server, scheme = 'http'): Promise<void> {
  server = made.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  connection = connect(`${scheme}://localhost:${(server.address() as AddressInfo).port}`, 2);
}

afterEach(async () => {
  connection.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (method = 'GET', body?: Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
  connection.request(method, '/', { ...headers, 'content-length': String(body?.length ?? 0) }, body, 10_000);

/** Longer than any test, however busy the machine. */
const patient = { keepAliveTimeout: 120_000 };

/** Answers with what it was sent; the method, too. */
const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      response.setHeader('x-method', request.method ?? '');
      response.setHeader('x-host', request.headers.host ?? '');
      response.end(Buffer.concat(chunks));
    });
};

test('one after the other takes one connection, also where the answer has no body', async () => {
  await listen(createHttp(patient, echo));
  for (const method of ['GET', 'HEAD', 'DELETE', 'PUT']) {
    const answer = await ask(method, method === 'PUT' ? Buffer.from('abc') : undefined);
    expect(answer.headers.get('x-method')).toBe(method);
    expect(answer.body.toString()).toBe(method === 'PUT' ? 'abc' : '');
  }
  expect((await ask()).headers.get('x-host')).toBe(`localhost:${(server.address() as AddressInfo).port}`);
  expect(sockets).toHaveLength(1);
});

test('a body of megabytes comes back as it was', async () => {
  await listen(createHttp(patient, echo));
  const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 3));
  const answers = await Promise.all([ask('PUT', body), ask('PUT', body.subarray(1)), ask('PUT', body.subarray(2))]);
  expect(answers.map((answer, index) => answer.body.equals(body.subarray(index)))).toEqual([true, true, true]);
  expect(sockets.length).toBeLessThanOrEqual(2);
});

test('one that the server ended meanwhile is not used again', async () => {
  await listen(createHttp(patient, echo));
  await ask();
  const closed = once(sockets[0] as Socket, 'close');
  sockets[0]?.end();
  await closed;
  expect((await ask('PUT', Buffer.from('again'))).body.toString()).toBe('again');
  expect(sockets).toHaveLength(2);
});

test('one whose server will end it, or said more than was asked, or answered before it had read all, is given up', async () => {
  const answers = [
    'connection: close\r\ncontent-length: 0\r\n\r\n',
    'content-length: 0\r\n\r\nmore',
    'content-length: 0\r\n\r\n',
  ];
  await listen(
    createServer((socket) => {
      const answer = answers.shift() ?? 'content-length: 1\r\n\r\n.';
      socket.on('error', () => {}).once('data', () => socket.pause().write(`HTTP/1.1 200 OK\r\n${answer}`));
    }),
  );
  await ask();
  await ask();
  await ask('PUT', Buffer.alloc(64 * 2 ** 20));
  expect((await ask()).body.toString()).toBe('.');
  expect(sockets).toHaveLength(4);
});

test('what is no answer, or only half of one, is an error', async () => {
  const answers = ['HTTP/2.0 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n1234'];
  await listen(createServer((socket) => socket.once('data', () => socket.end(answers.shift() ?? ''))));
  await expect(ask()).rejects.toThrow('not HTTP/1.1');
  await expect(ask()).rejects.toThrow('the connection was lost');
});

test('one that the server is about to close is not used again', async () => {
  await listen(createHttp({ keepAliveTimeout: 1000 }, echo));
  await ask();
  expect((await ask()).headers.get('keep-alive')).toBe('timeout=1');
  expect(sockets).toHaveLength(2);
});

test('no value becomes a line of its own', async () => {
  await listen(createHttp(patient, echo));
  await expect(ask('GET', undefined, { a: 'b\r\nc: d' })).rejects.toThrow('the header a');
  await expect(connection.request('GET', '/a b', {}, undefined, 1000)).rejects.toThrow('encoded');
  expect(sockets).toHaveLength(0);
});

test('after it was closed what is under way fails, and what is asked for leaves nothing open', async () => {
  await listen(createHttp(patient, (request, response) => void (request.method === 'GET' && echo(request, response))));
  const waiting = ask('DELETE');
  while (sockets.length === 0) await new Promise(setImmediate);
  connection.close();
  await expect(waiting).rejects.toThrow('the connection was lost');
  await ask();
  const [, last] = sockets;
  if (last?.destroyed === false) await once(last, 'close');
  expect(sockets).toHaveLength(2);
});

test('https is the same, and takes only whom it trusts', async () => {
  const certificate = makeCertificate(systemRandom, Date.now(), ['localhost']);
  await listen(createHttps({ ...patient, ...certificate }, echo), 'https');
  await expect(ask()).rejects.toThrow(/self.signed/i);
  const known = getCACertificates('default');
  setDefaultCACertificates([...known, certificate.cert]);
  try {
    for (const text of ['a', 'b']) expect((await ask('PUT', Buffer.from(text))).body.toString()).toBe(text);
    const large = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) >> 3));
    expect((await ask('PUT', large)).body.equals(large)).toBe(true);
    expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
  } finally {
    setDefaultCACertificates(known);
  }
});
