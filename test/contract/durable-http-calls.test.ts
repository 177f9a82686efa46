// callHttp through the official library, against a server of the test.
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Df, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const app = sharedApp();
let base: string;
let seen: Seen[] = [];
let respond: (n: number, response: ServerResponse, request: IncomingMessage) => void;
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += String(chunk)));
  request.on('end', () => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body });
    respond(seen.length, response, request);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  seen = [];
  respond = (_n, response) => response.end();
});

/** The result of one call, and the events that it made. */
const call = (options: Df): ReturnType<typeof app.run> =>
  app.run(function* (df, given) {
    let result;
    try {
      result = yield df.callHttp(given);
    } catch (error) {
      result = { name: (error as Error).name, message: (error as Error).message };
    }
    return { result, state: df.state.filter((event: Df) => ![0, 12, 13].includes(event.EventType)) };
  }, options);

describe('a call', () => {
  test('is an activity with one number, whose result is status, headers and content', async () => {
    respond = (_n, response) => {
      response.setHeader('X-Multi', ['p', 'q']);
      response.setHeader('Content-Type', 'application/json');
      response.end('{"a":1}');
    };
    const { output } = await call({ method: 'POST', url: `${base}/x`, body: { b: 2 }, headers: { 'X-Keep': 'yes' } });
    const { result, state } = output as Df;
    expect(result).toMatchObject({ statusCode: 200, content: '{"a":1}' });
    expect(state.map(({ EventType, EventId, Name }: Df) => [EventType, EventId, Name])).toEqual([
      [4, 0, 'BuiltIn::HttpActivity'],
      [5, -1, undefined],
    ]);
    const { statusCode, headers, content } = JSON.parse(state[1].Result);
    expect([statusCode, content, headers['X-Multi']]).toEqual([200, '{"a":1}', ['p', 'q']]);
    expect(Object.keys(headers).filter((name) => /^content-/i.test(name))).toEqual([]);
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/x',
        body: '{"b":2}',
        headers: expect.objectContaining({
          'x-keep': 'yes',
          'content-type': 'text/plain',
          'user-agent': 'Microsoft.Azure.WebJobs.Extensions.DurableTask/3.14.1',
        }),
      },
    ]);
  });

  test('sends a body under the type that it is given, without its parameters', async () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    await call({ method: 'POST', url: base, body: { b: 2 }, headers });
    expect(seen[0]?.headers['content-type']).toBe('application/json');
  });

  test('takes a method in any case, and brings bytes that are no UTF-8 as U+FFFD', async () => {
    respond = (_n, response) => response.end(Buffer.from([0x61, 0xff, 0x62]));
    const { output } = await call({ method: 'get', url: base });
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
    expect((output as Df).result.content).toBe('a\uFFFDb');
  });

  test('that is answered by an error has that for its result; one that is sent on is followed', async () => {
    respond = (_n, response) => {
      response.statusCode = 503;
      response.end('busy');
    };
    expect((await call({ method: 'get', url: base })).output).toMatchObject({
      result: { statusCode: 503, content: 'busy' },
    });
    respond = (_n, response, { url }) => {
      response.writeHead(url === '/there' ? 204 : 302, { location: '/there' });
      response.end();
    };
    expect((await call({ method: 'GET', url: base })).output).toMatchObject({
      result: { statusCode: 204, content: '' },
    });
  });

  test('that reaches nobody fails with .NET’s words for it', async () => {
    const { output } = await call({ method: 'GET', url: 'http://127.0.0.1:1/' });
    const { result, state } = output as Df;
    expect(state[1]).toMatchObject({ EventType: 6, Reason: 'Connection refused (127.0.0.1:1)', FailureDetails: null });
    expect(result.message).toMatch(
      /^Connection refused \(127\.0\.0\.1:1\) \n \{"\$type":"System\.Net\.Http\.HttpRequestException, System\.Net\.Http"/,
    );
    respond = (_n, response) => response.destroy();
    expect(((await call({ method: 'GET', url: base })).output as Df).state[1].Reason).toBe(
      'An error occurred while sending the request.',
    );
  });

  test('of no URL fails with details, and the orchestration as it stands', async () => {
    const { output } = await app.run(function* (df) {
      yield df.callHttp({ method: 'GET', url: 'not a url' });
    });
    expect(output).toBe(
      'System.InvalidOperationException: An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set.',
    );
  });

  test('sends the cookies that any call before has got', async () => {
    respond = (_n, response) => {
      response.setHeader('Set-Cookie', ['jar=1; Path=/', 'gone=2; Max-Age=0', 'safe=3; Secure']);
      response.end();
    };
    await call({ method: 'GET', url: base });
    await call({ method: 'GET', url: `${base}/other` });
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'jar=1']);
  });
});

describe('a call that has begun something', () => {
  test('is asked for again by GET until it is done: a timer and a call each time', async () => {
    respond = (n, response) => {
      if (n < 3) response.writeHead(202, { location: `/poll/${n}`, 'retry-after': '0' });
      response.end(n < 3 ? '' : 'done');
    };
    const { output } = await call({ method: 'POST', url: `${base}/begin`, body: 'x', headers: { 'X-Keep': 'yes' } });
    const { result, state } = output as Df;
    expect(result).toMatchObject({ statusCode: 200, content: 'done' });
    expect(
      state.filter(({ EventId }: Df) => EventId >= 0).map(({ EventType, EventId }: Df) => [EventType, EventId]),
    ).toEqual([
      [4, 0],
      [10, 1],
      [4, 2],
      [10, 3],
      [4, 4],
    ]);
    expect(seen.map(({ method, url, body, headers }) => [method, url, body, headers['x-keep']])).toEqual([
      ['POST', '/begin', 'x', 'yes'],
      ['GET', '/poll/1', '', 'yes'],
      ['GET', '/poll/2', '', 'yes'],
    ]);
  });

  test('waits as long as it is told, else 30 s', async () => {
    respond = (_n, response) => {
      response.writeHead(202, { location: '/poll' });
      response.end();
    };
    const id = await app.start(function* (df, url) {
      yield df.callHttp({ method: 'GET', url });
    }, base);
    const timer = (events: Df): Df => events?.find((event: Df) => event.EventType === 'TimerCreated');
    const { historyEvents } = await app.until(
      id,
      (status) => timer(status.historyEvents) !== undefined,
      '?showHistory=true',
    );
    const { FireAt, Timestamp } = timer(historyEvents);
    expect(Math.abs(Date.parse(FireAt) - Date.parse(Timestamp) - 30_000)).toBeLessThan(5_000);
    await app.client('terminate', id, 'x');
  });

  test('is its result at once where it is not to be followed, or where there is nothing to follow', async () => {
    respond = (_n, response) => {
      response.writeHead(202, { location: '/poll' });
      response.end();
    };
    expect((await call({ method: 'GET', url: base, enablePolling: false })).output).toMatchObject({
      result: { statusCode: 202 },
    });
    respond = (_n, response) => response.writeHead(202).end();
    // Microsoft's extension makes a timer here that the library knows nothing of, and numbers go apart.
    const { output } = await call({ method: 'GET', url: base });
    expect((output as Df).state.map(({ EventType }: Df) => EventType)).toEqual([4, 5]);
  });

  test('fails clearly where its time is none, and Microsoft’s extension would wait for ever', async () => {
    respond = (_n, response) => {
      response.writeHead(202, { location: '/poll', 'retry-after': 'soon' });
      response.end();
    };
    const { runtimeStatus, output } = await call({ method: 'GET', url: base });
    expect(runtimeStatus).toBe('Failed');
    expect(output).toContain('The Retry-After of an HTTP answer is not a number of seconds');
  });
});
