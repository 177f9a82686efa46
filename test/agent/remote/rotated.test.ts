// A key of Service Bus is rotated: agents are refused until the backend signs with the new one, and then go on by themselves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Backend } from '../../../lib/agent/backend.ts';
import { remoteBackend } from '../../../lib/agent/remote/backend.ts';
import { silent } from '../../../lib/base/log.ts';
import type { Access } from '../../../lib/protocol/api.ts';
import { makeSigningKeys } from '../../../lib/protocol/message.ts';
import { FakeClock } from '../../local/functions-host/fake-clock.ts';
import { rootKey } from '../../local/service-bus/fixture.ts';
import { startBench, tokenConnectionString, until, type Bench } from '../../local/service-bus/support.ts';

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
  const rightsTo = (entity: string): string => tokenConnectionString(port, entity, signing, clock.now() + day);
  const nowhere = { url: 'http://127.0.0.1:9/a', sas: '' };
  const access: Access = {
    group: 'g',
    server: 's',
    expires: clock.now() + 7 * day,
    epoch: 'e',
    share: nowhere,
    table: { ...nowhere, name: 'namespace' },
    changes: { queue: 'sessions', connection: rightsTo('sessions') },
    hints: { topic: 'sites', subscription: 'site-001', connection: rightsTo('sites/Subscriptions/site-001') },
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

function backendOf(): Backend {
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const { privateKey } = makeSigningKeys();
  return remoteBackend({ url, group: 'g', endpoint: 'e', privateKey, clock, log: silent });
}

test('refused rights are asked for anew, once a minute', async () => {
  const backend = backendOf();
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

test('so are those of hints, though nobody asks for anything by them', async () => {
  signing = { ...rootKey, key: 'b2xk' };
  asked = 0;
  const backend = backendOf();
  const hints: unknown[] = [];
  const line = await backend.listen((hint) => hints.push(hint));
  await clock.advance(minute);
  signing = rootKey;
  await until('new rights', async () => {
    await backend.settings();
    return asked === 2;
  });
  const hint = { kind: 'held', group: 'g' };
  const sender = bus.client().createSender('sites');
  await until('a hint', async () => {
    await sender.sendMessages({ to: 'site-001', body: hint });
    return hints.length > 0;
  });
  await line.close();
  await backend.close();
});
