// An app that has an identity instead of keys, as in Azure: it asks the platform who it is, and shows that to Service Bus and
// Event Grid over TLS. The official clients, with what lib/azure gives them.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { EventGridPublisherClient } from '@azure/eventgrid';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readIdentity, tokenSource, type TokenSource } from '../../lib/azure/identity.ts';
import { systemRandom } from '../../lib/base/random.ts';
import { startEventGrid, type EventGridService } from '../../lib/local/event-grid/service.ts';
import { makeCertificate } from '../../lib/local/files/certificate.ts';
import { startIdentityEndpoint, type IdentityEndpoint } from '../../lib/local/identity-endpoint.ts';
import { audiences, issueToken, type Role } from '../../lib/local/token.ts';
import { FakeClock } from '../local/functions-host/fake-clock.ts';
import { one, startBench, until, type Bench } from '../local/service-bus/support.ts';

const issuer = { name: 'identity', key: Buffer.alloc(64, 7).toString('base64') };
const roles: readonly Role[] = ['send plain', 'listen plain', 'listen short', 'publish'];
const who = { oid: '5'.repeat(8), tid: '6'.repeat(8), roles };
const day = 86_400_000;
const quick = { retryOptions: { maxRetries: 0, timeoutInMs: 3000 } };
const trusted = tls.getCACertificates('default');
const certificate = makeCertificate(systemRandom, Date.now(), ['localhost', '127.0.0.1']);
const secure = { ...certificate, port: 0 };
const opened: { stop(): Promise<void> }[] = [];

beforeAll(() => tls.setDefaultCACertificates([...trusted, certificate.cert]));
afterAll(() => tls.setDefaultCACertificates(trusted));
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.stop();
});

async function identity(options: { life?: number; clock?: FakeClock } = {}): Promise<IdentityEndpoint> {
  const endpoint = await startIdentityEndpoint({ account: issuer, identity: who, clientId: 'the-app', ...options });
  opened.push(endpoint);
  return endpoint;
}

function sourceOf(endpoint: IdentityEndpoint, now: () => number = Date.now): TokenSource {
  const found = readIdentity({ ...endpoint.env, AZURE_CLIENT_ID: 'the-app' }, now);
  if (found === undefined) throw new Error('no identity');
  return tokenSource(found);
}

const fixed = (token: string): TokenSource => ({
  getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + day }),
});

async function startBus(options: { clock?: FakeClock } = {}): Promise<Bench> {
  const bus = await startBench({ secure, issuer, ...options });
  opened.push(bus);
  return bus;
}

function busClient(bus: Bench, source: TokenSource): ServiceBusClient {
  const client = new ServiceBusClient(`localhost:${bus.service.securePort}`, source, quick);
  opened.push({ stop: () => client.close() });
  return client;
}

describe('the place where an app asks who it is', () => {
  test('answers the app alone, for its own identity and for what is known', async () => {
    const { env, given } = await identity();
    const ask = async (query: string, header = env.IDENTITY_HEADER): Promise<number> =>
      (await fetch(`${env.IDENTITY_ENDPOINT}?${query}`, { headers: { 'x-identity-header': header } })).status;
    const good = `api-version=2019-08-01&resource=${audiences.serviceBus}/&client_id=the-app`;
    expect(await ask(good)).toBe(200);
    expect(await ask(good, 'guessed')).toBe(401);
    expect(await ask(good.replace('the-app', 'another'))).toBe(400);
    expect(await ask(good.replace('2019', '2017'))).toBe(400);
    expect(await ask(good.replace('servicebus', 'vault'))).toBe(400);
    expect([...given]).toEqual([[audiences.serviceBus, 1]]);
  });
});

describe('Service Bus', () => {
  test('gives by TLS what the roles say, entity by entity', async () => {
    const bus = await startBus();
    const client = busClient(bus, sourceOf(await identity()));
    await client.createSender('plain').sendMessages({ body: 'by identity' });
    const receiver = client.createReceiver('plain');
    const message = await one(receiver);
    expect(message.body).toBe('by identity');
    await receiver.renewMessageLock(message);
    await receiver.completeMessage(message);
    const refused = { code: 'UnauthorizedAccess' };
    await expect(client.createSender('short').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    await expect(client.createReceiver('sites', 'site-001').receiveMessages(1)).rejects.toMatchObject(refused);
  });

  test('takes no token that is forged, meant for another service, or over', async () => {
    const bus = await startBus();
    const now = Date.now();
    const stranger = { ...issuer, key: Buffer.alloc(64, 8).toString('base64') };
    for (const token of [
      issueToken(stranger, who, now, now + day, audiences.serviceBus),
      issueToken(issuer, who, now, now + day, audiences.storage),
      issueToken(issuer, who, now - 2 * day, now - day, audiences.serviceBus),
      'no token',
    ])
      await expect(busClient(bus, fixed(token)).createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject({
        code: 'UnauthorizedAccess',
      });
  });

  test('takes no token where somebody could read it on its way, nor where nobody issues any', async () => {
    const bus = await startBus();
    const deaf = await startBench({ secure });
    opened.push(deaf);
    const token = issueToken(issuer, who, Date.now(), Date.now() + day, audiences.serviceBus);
    await expect(busClient(deaf, fixed(token)).createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject({
      code: 'UnauthorizedAccess',
    });
    // The client shows such tokens by TLS only: one that does not is made of another.
    const careless = bus.client(quick);
    const inside = careless as unknown as { _connectionContext: { tokenCredential: TokenSource } };
    inside._connectionContext.tokenCredential = fixed(token);
    const plain = careless.createSender('plain');
    await expect(plain.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
  });

  test('keeps a link while its client renews the token in time', async () => {
    // The client renews two minutes before the end. The clock of the service is ahead, so that no token is of its future.
    const clock = new FakeClock(Date.now() + 60_000);
    const bus = await startBus({ clock });
    const source = sourceOf(await identity({ life: 121_000 }));
    const ends: number[] = [];
    const errors: unknown[] = [];
    const bodies: unknown[] = [];
    const client = busClient(bus, {
      getToken: async (scopes) => {
        const token = await source.getToken(scopes);
        ends.push(token.expiresOnTimestamp);
        return token;
      },
    });
    client.createReceiver('plain').subscribe({
      processMessage: ({ body }) => Promise.resolve(void bodies.push(body)),
      processError: ({ error }) => Promise.resolve(void errors.push(error)),
    });
    // Asked for is not yet shown: only with the next one that is sure.
    const shown = (): boolean => ends.slice(0, -1).some((end) => end > (ends[0] ?? 0));
    await until('another token is shown', shown);
    await clock.advance((ends[0] ?? 0) + 500 - clock.now());
    await bus.client().createSender('plain').sendMessages({ body: 'after the first has ended' });
    await until('the message is there', () => bodies.length === 1);
    expect(errors).toEqual([]);
  });
});

describe('Event Grid', () => {
  const event = { type: 'Tideway.ChangesCommitted', source: '/tideway', subject: 'groups/a', data: {} };
  async function startTopic(): Promise<EventGridService> {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'tideway-identity-')), 'events.db');
    const topic = { name: 'tideway', key: Buffer.alloc(32, 1).toString('base64') };
    const service = await startEventGrid({ file, topic, subscriptions: [], secure, issuer });
    opened.push(service);
    return service;
  }
  const publisher = (service: EventGridService, source: TokenSource) =>
    new EventGridPublisherClient(service.secureUrl ?? '', 'CloudEvent', source, { retryOptions: { maxRetries: 0 } });

  test('takes events by https of whoever may publish', async () => {
    const service = await startTopic();
    await publisher(service, sourceOf(await identity())).send([event]);
    expect(service.counters.published).toBe(1);
  });

  test('takes none of others', async () => {
    const service = await startTopic();
    const [now, end] = [Date.now(), Date.now() + day];
    const refused = { statusCode: 401 };
    for (const token of [
      issueToken(issuer, { ...who, roles: ['read'] }, now, end, audiences.eventGrid),
      issueToken(issuer, who, now, end, audiences.serviceBus),
      issueToken(issuer, who, now - 2 * day, now - day, audiences.eventGrid),
    ])
      await expect(publisher(service, fixed(token)).send([event])).rejects.toMatchObject(refused);
    const good = issueToken(issuer, who, now, end, audiences.eventGrid);
    const headers = { authorization: `Bearer ${good}`, 'content-type': 'application/cloudevents-batch+json' };
    const plain = await fetch(service.url, { method: 'POST', headers, body: JSON.stringify([event]) });
    expect(plain.status).toBe(401);
    expect(service.counters.published).toBe(0);
  });
});
