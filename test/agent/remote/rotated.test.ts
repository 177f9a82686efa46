// A key of Service Bus is rotated: agents are refused until the backend signs with the new one, and then go on by themselves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { remoteBackend } from '../../../lib/agent/remote/backend.ts';
import { silent } from '../../../lib/base/log.ts';
import type { Access } from '../../../lib/protocol/api.ts';
import { makeSigningKeys } from '../../../lib/protocol/message.ts';
import { FakeClock } from '../../local/functions-host/fake-clock.ts';
import { rootKey } from '../../local/service-bus/fixture.ts';
import { startBench, tokenConnectionString, type Bench } from '../../local/service-bus/support.ts';

const day = 86_400_000;
const minute = 60_000;
const clock = new FakeClock(Date.now());
let bus: Bench;
let signing = { ...rootKey, key: 'b2xk' };
let asked = 0;

/** The backend, as far as it gives rights. */
const api = createServer((request, response) => {
  request.resume();
  asked++;
  const { port } = bus.service;
  const connection = tokenConnectionString(port, 'sessions', signing, clock.now() + day);
  const nowhere = { url: 'http://127.0.0.1:9/a', sas: '' };
  const access: Access = {
    group: 'g',
    server: 's',
    expires: clock.now() + 7 * day,
    epoch: 'e',
    share: nowhere,
    table: { ...nowhere, name: 'namespace' },
    changes: { queue: 'sessions', connection },
    hints: { topic: 'sites', subscription: 'site-001', connection },
    settings: { exclude: [], pollActiveMs: 1, pollIdleMs: 1, resendMs: 1 },
  };
  response.end(JSON.stringify(access));
});

beforeAll(async () => {
  bus = await startBench();
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
  await bus.stop();
});

test('refused rights are asked for anew, once a minute', async () => {
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const { privateKey } = makeSigningKeys();
  const backend = remoteBackend({ url, group: 'g', endpoint: 'e', privateKey, clock, log: silent });
  const send = (): Promise<string> =>
    backend.send({ body: 'b', signature: 's' } as never).then(
      () => 'sent',
      (error: { code?: string }) => error.code ?? 'no code',
    );
  const refused = 'UnauthorizedAccess';
  expect([await send(), await send(), asked]).toEqual([refused, refused, 1]);
  await clock.advance(minute);
  // The backend has not heard of the new key either.
  expect([await send(), await send(), await send(), asked]).toEqual([refused, refused, refused, 2]);
  signing = rootKey;
  await clock.advance(minute);
  expect([await send(), await send(), await send(), asked]).toEqual([refused, 'sent', 'sent', 3]);
  await backend.close();
});
