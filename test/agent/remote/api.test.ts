import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { apiOf, refusalOf, type Api } from '../../../lib/agent/remote/api.ts';
import { systemClock } from '../../../lib/base/clock.ts';
import { endpointHeader, signatureHeader, signedText, timeHeader } from '../../../lib/protocol/api.ts';
import { makeSigningKeys, verifyText } from '../../../lib/protocol/message.ts';

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

const keys = makeSigningKeys();
let server: Server;
let api: Api;
let seen: Seen[];
let answer: { status: number; text: string };

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ request, body });
      response.writeHead(answer.status).end(answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { privateKey } = keys;
  api = apiOf({ url: `http://127.0.0.1:${port}`, group: 'team', endpoint: 'e1', privateKey, clock: systemClock });
});

afterEach(() => {
  api.close();
  server.closeAllConnections();
  server.close();
});

describe('a call of the API', () => {
  test('is signed over method, path, time and the exact body', async () => {
    answer = { status: 200, text: '{"incarnation":3,"n":7}' };
    expect(await api.incarnation('holder', 2)).toEqual({ incarnation: 3, n: 7 });
    const [call] = seen;
    const header = (name: string): string => String(call?.request.headers[name]);
    expect([call?.request.method, call?.request.url, call?.body, header(endpointHeader)]).toEqual([
      'POST',
      '/api/groups/team/incarnation',
      '{"holder":"holder","incarnation":2}',
      'e1',
    ]);
    const text = signedText('POST', '/api/groups/team/incarnation', header(timeHeader), call?.body ?? '');
    expect(verifyText(text, header(signatureHeader), keys.publicKey)).toBe(true);
    expect(Math.abs(Number(header(timeHeader)) - Date.now())).toBeLessThan(60_000);
  });

  test('that is refused rejects with the code and what to do', async () => {
    answer = { status: 409, text: '{"code":"clone","message":"there are two","hint":"Stop one."}' };
    await expect(api.incarnation('holder', 2)).rejects.toMatchObject({ code: 'clone', hint: 'Stop one.' });
  });

  test('an answer that does not follow the schema is no answer', async () => {
    answer = { status: 200, text: '{"incarnation":0,"n":7}' };
    await expect(api.incarnation('holder', 2)).rejects.toThrow('incarnation');
  });

  test.each(['', 'Bad gateway', '{}', '{"code":7}'])('what the host itself answers is a failure: %j', (text) => {
    expect(refusalOf(502, text)).toMatchObject({ code: 'backend_failed', message: expect.stringContaining('502') });
  });
});
