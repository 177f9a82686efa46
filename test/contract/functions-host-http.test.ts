import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { connect } from 'node:net';
import type { FunctionsHost } from '../../lib/local/functions-host/host.ts';
import { commonjs, keys, Lines, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

let host: FunctionsHost;
const lines = new Lines();

beforeAll(async () => {
  host = await startHost({ settings: { GIVEN: 'a setting' }, args: ['--data', '/somewhere'], log: lines.log });
});
afterAll(() => host.stop());

const call = (path: string, init?: RequestInit): Promise<Response> => fetch(`${host.url}${path}`, init);

describe('a request and its answer', () => {
  test('method, route parameters, query, headers and body reach the function, and its answer the client', async () => {
    const response = await call('/api/echo/5/abc?a=1&a=2&b=%C3%BC', {
      method: 'POST',
      body: 'the body',
      headers: { 'x-given': 'yes' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-method')).toBe('POST');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('set-cookie')).toBe('c=v; Max-Age=60; Path=/; HttpOnly');
    expect(await response.json()).toEqual({
      method: 'POST',
      url: `${host.url}/api/echo/5/abc?a=1&a=2&b=%C3%BC`,
      params: { id: '5', kind: 'abc' },
      query: { a: '1,2', b: 'ü' },
      header: 'yes',
      body: 'the body',
      functionName: 'echo',
    });
  });

  test('repeated headers are joined with a comma', async () => {
    const answer = await raw(
      `GET /api/echo/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nx-given: 1\r\nx-given: 2\r\n\r\n`,
    );
    expect(answer).toContain('"header":"1,2"');
  });

  test('bytes travel as they are', async () => {
    const body = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
    const response = await call('/api/bytes', { method: 'POST', body });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body.reverse());
  });

  test.each([
    ['an optional parameter may be absent', '/api/echo/7', 201],
    ['case and a trailing slash do not matter', '/API/Echo/7/', 201],
    ['an unmet constraint', '/api/echo/seven', 404],
    ['an unknown route', '/api/nowhere', 404],
    ['without the prefix', '/echo/7', 404],
    ['a disabled function', '/api/off', 404],
    ['nothing returned', '/api/nothing', 204],
    ['an error', '/api/throws', 500],
    ['a status that is none', '/api/badStatus', 500],
    ['an output binding nobody serves', '/api/unknownOutput', 500],
  ])('%s: GET %s is %d', async (_, path, status) => {
    const response = await call(path);
    expect(response.status).toBe(status);
    if (status !== 201) expect(await response.text()).toBe('');
  });

  test.each(['DELETE', 'HEAD', 'OPTIONS'])('%s is 404 unless the function asks for it', async (method) => {
    expect((await call('/api/echo/7', { method })).status).toBe(404);
  });

  test('a slash that was encoded stays so in a catch-all', async () => {
    expect(await (await call('/api/files/a%2Fb/c%20d')).text()).toBe('a%2Fb/c d');
    expect(await (await call('/api/files')).text()).toBe('none');
  });

  test('a body over 100 MB is refused and the connection closed', async () => {
    const answer = await raw(
      `POST /api/bytes HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`,
      Buffer.concat([Buffer.from('6400001\r\n'), Buffer.alloc(0x6400001), Buffer.from('\r\n0\r\n\r\n')]),
    );
    expect(answer).toMatch(/^HTTP\/1.1 500 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });
});

describe('keys', () => {
  test.each([
    ['guarded', undefined, 401],
    ['guarded', 'wrong', 401],
    ['guarded', keys.system, 401],
    ['guarded', keys.function, 200],
    ['guarded', keys.master, 200],
    ['master', keys.function, 401],
    ['master', keys.master, 200],
  ])('%s with key %s is %d', async (name, key, status) => {
    const query = await call(`/api/${name}${key === undefined ? '' : `?code=${key}`}`);
    const header = await call(`/api/${name}`, { headers: key === undefined ? {} : { 'x-functions-key': key } });
    expect([query.status, header.status]).toEqual([status, status]);
    if (status === 401) expect(await query.text()).toBe('');
  });
});

describe('the function around it', () => {
  test('hooks replace inputs and results and share data', async () => {
    expect(await (await call('/api/hooked')).json()).toEqual({
      before: 'before',
      result: 'replaced input',
      started: ['appStart'],
    });
  });

  test('settings are its environment, and its process carries the given arguments', async () => {
    expect(await (await call('/api/settings')).json()).toEqual({ given: 'a setting', argv: ['--data', '/somewhere'] });
  });

  test('log lines, those of hooks and those printed arrive with their categories', async () => {
    await call('/api/logs');
    await lines.until(/^printed$/);
    expect(lines.all).toContainEqual({ level: 'warn', category: 'Function.logs.User', message: 'a warning of mine' });
    expect(lines.all).toContainEqual({ level: 'info', category: 'Function.logs.User', message: 'changed by a hook' });
    expect(lines.all).toContainEqual({ level: 'info', category: 'Host.Function.Console', message: 'printed' });
    expect(lines.all.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Executing 'Functions.logs' \(Reason='This function was programmatically called via the host APIs.', Id=[-0-9a-f]{36}\)$/,
        ),
        expect.stringMatching(/^Executed 'Functions.logs' \(Succeeded, Id=[-0-9a-f]{36}, Duration=\d+ms\)$/),
      ]),
    );
  });

  test('a failure is logged with its stack', async () => {
    await call('/api/throws');
    await lines.until(/^Executed 'Functions.throws' \(Failed/);
    expect((await lines.until(/^Error: this one always fails\n/))[0]?.category).toBe('Function.throws');
  });
});

describe('what is wrong with one function leaves the others alone', () => {
  test.each([
    ['wrongCron', /'61 \* \* \* \* \*' is not a valid CRON expression/],
    ['unresolved', /'%NOWHERE%' does not resolve to a value/],
  ])('%s is in error', (name, error) => {
    expect(host.functions.find((one) => one.name === name)?.error).toMatch(error);
    expect(lines.all.some(({ message }) => message.startsWith(`The '${name}' function is in error:`))).toBe(true);
  });

  test('a disabled one is listed as such', () => {
    expect(host.functions.find((one) => one.name === 'disabled')).toMatchObject({ disabled: true, error: undefined });
  });
});

describe('the admin API', () => {
  const admin = { headers: { 'x-functions-key': keys.master } };

  test('ping needs no key, the rest the master key', async () => {
    expect((await call('/admin/host/ping')).status).toBe(200);
    expect((await call('/admin/host/status')).status).toBe(401);
    expect((await call(`/admin/host/status?code=${keys.function}`)).status).toBe(401);
    expect(await (await call('/admin/host/status', admin)).json()).toMatchObject({
      state: 'Running',
      version: '4.1037.0.0',
    });
  });

  test('starts a function without waiting for it', async () => {
    const post = { ...admin, method: 'POST', body: '{"input":""}' };
    expect((await call('/admin/functions/retrying', post)).status).toBe(202);
    await lines.until(/^Executed 'Functions.retrying'/);
    expect((await call('/admin/functions/nosuch', post)).status).toBe(404);
  });
});

test('an app in plain JavaScript is found by the main of its package.json', async () => {
  const plain = await startHost({
    app: commonjs,
    hostJson: { version: '2.0', extensions: { http: { routePrefix: '' } } },
  });
  try {
    expect(plain.functions.map(({ name }) => name)).toEqual(['bye', 'hello']);
    expect(await (await fetch(`${plain.url}/hello/you`)).text()).toBe('hello you');
    expect((await fetch(`${plain.url}/bye`, { method: 'DELETE' })).status).toBe(202);
  } finally {
    await plain.stop();
  }
});

test('over its limits the host runs so many, lets so many wait and refuses the rest', async () => {
  const http = { maxConcurrentRequests: 1, maxOutstandingRequests: 2 };
  const limited = await startHost({ hostJson: { version: '2.0', extensions: { http } } });
  try {
    const all = await Promise.all([1, 2, 3].map(() => fetch(`${limited.url}/api/sleep?ms=100`)));
    expect(all.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 200, 429]);
    expect(all.find(({ status }) => status === 429)?.headers.get('x-function-scaleout')).toBe('1');
  } finally {
    await limited.stop();
  }
});

test('an invalid host.json: routes answer 503 and the status says why', async () => {
  const broken = await startHost({ hostJson: { version: '2.0', functionTimeout: 'soon' } });
  try {
    const route = await fetch(`${broken.url}/api/pid`);
    expect([route.status, await route.text()]).toEqual([503, 'Function host is not running.']);
    const status = await fetch(`${broken.url}/admin/host/status?code=${keys.master}`);
    expect(await status.json()).toMatchObject({
      state: 'Error',
      errors: ['host.json: functionTimeout must be a time span such as "00:05:00"'],
    });
  } finally {
    await broken.stop();
  }
});

/** One request as bytes; resolves with all that comes back. */
function raw(...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(host.port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
  });
}
