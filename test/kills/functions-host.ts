import { ServiceBusClient } from '@azure/service-bus';
import path from 'node:path';
import { startEndpoint } from '../support/apps/endpoint.ts';
import { Victim, fixedPort, lanes, must, pause, torture } from './victim.ts';

const app = path.join(import.meta.dirname, '../support/apps/sink');

/**
 * Messages that a function takes while its host is killed; the broker lives. Each is taken, and no delivery of it is run
 * twice. Resolves with how many messages were sent.
 */
export async function killFunctionsHost(dir: string, kills: number, load: number): Promise<number> {
  const taken = new Map<string, number[]>();
  const sink = await startEndpoint(({ body }, count) => {
    const { id, deliveryCount } = JSON.parse(body) as { id: string; deliveryCount: number };
    if (count % 11 === 0) return { status: 500 };
    taken.set(id, [...(taken.get(id) ?? []), deliveryCount]);
    return { status: 200 };
  });
  const broker = new Victim({
    dir: path.join(dir, 'broker'),
    port: fixedPort(1),
    args: ['--only', 'servicebus', '--topology', path.join(app, 'topology.json')],
  });
  await broker.start();
  const connection = broker.settings['SERVICEBUS_CONNECTION_STRING'] ?? '';
  const host = new Victim({
    dir: path.join(dir, 'host'),
    port: fixedPort(2),
    args: ['--only', 'functions', '--app', app],
    env: { SINK: sink.url, BUS: connection },
  });
  // Sent once each: a message that is there twice would look like a delivery that was run twice.
  const client = new ServiceBusClient(connection, { retryOptions: { maxRetries: 0 } });
  const sender = client.createSender('work');
  const attempted = new Set<string>();
  const sent = new Set<string>();
  const send = lanes(2, async (lane, n) => {
    // Not far ahead of the function: the kills are to meet work, not a queue.
    while (sent.size > taken.size + 30) await pause();
    const id = `${lane}-${n}`;
    attempted.add(id);
    await sender.sendMessages({ body: id });
    sent.add(id);
  });
  try {
    await torture(
      host,
      {
        begin: send.begin,
        acknowledged: () => taken.size,
        end: async () => {
          const ended = send.end();
          while (host.kills < kills && sent.size > taken.size + 30) await pause();
          await ended;
        },
        verify: async () => {
          while ([...sent].some((id) => !taken.has(id))) await pause();
          const invented = [...taken.keys()].filter((id) => !attempted.has(id));
          must(invented.length === 0, 'messages that nobody sent', invented);
          const twice = [...taken].filter(([, deliveries]) => new Set(deliveries).size < deliveries.length);
          must(twice.length === 0, 'one delivery run twice', twice);
        },
      },
      kills,
      load,
    );
    return sent.size;
  } finally {
    await client.close();
    await broker.kill();
    await sink.stop();
  }
}
