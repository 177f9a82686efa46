import { ServiceBusClient } from '@azure/service-bus';
import { expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServiceBus } from '../../lib/local/service-bus/start.ts';
import { expandTopology } from '../../lib/local/service-bus/topology.ts';
import { Lines, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

const access = { name: 'Root', key: Buffer.from('a key of thirty-two bytes, or so').toString('base64') };
const topology = expandTopology({
  queues: ['changes', 'session-batched', 'plain', 'first', 'batched'].map((name) => ({
    name,
    requiresSession: name === 'changes' || name === 'session-batched',
  })),
  topics: [{ name: 'sites', subscriptions: [{ name: 'all' }] }],
});

// Batches come back too, but only when their receives have timed out.
test('listeners come back after the broker does, and stops without it', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'broker-restart-')), 'bus.db');
  const lines = new Lines();
  let broker = await startServiceBus({ file, keys: [access], topology });
  const { port } = broker;
  const ServiceBus = `Endpoint=sb://localhost:${port};SharedAccessKeyName=${access.name};SharedAccessKey=${access.key};UseDevelopmentEmulator=true`;
  const host = await startHost({
    app: { dir: join(import.meta.dirname, '../support/apps/service-bus'), entries: ['functions.ts'] },
    settings: { ServiceBus, QUEUE: 'changes' },
    hostJson: {
      version: '2.0',
      extensions: { serviceBus: { sessionIdleTimeout: '00:00:10', maxConcurrentSessions: 2 } },
    },
    log: lines.log,
  });
  const sendAndSee = async (mark: string): Promise<void> => {
    const client = new ServiceBusClient(ServiceBus);
    for (const entity of ['changes', 'plain'])
      await client.createSender(entity).sendMessages({ body: { mark }, sessionId: mark });
    await client.close();
    for (const name of ['perSession', 'perMessage'])
      await lines.until(new RegExp(`^saw .*"name":"${name}".*"mark":"${mark}"`));
  };
  // A message that is being completed when the broker goes away would come again, and hold its session.
  const settled = async (): Promise<void> => {
    while (broker.counters.settled < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await sendAndSee('before');
  await settled();
  await broker.stop();
  broker = await startServiceBus({ file, port, keys: [access], topology });
  await sendAndSee('after');
  await settled();
  await broker.stop();
  const began = performance.now();
  await host.stop();
  expect(performance.now() - began).toBeLessThan(15_000);
}, 60_000);
