import { ServiceBusClient } from '@azure/service-bus';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Victim, fixedPort, lanes, must, pause, torture } from './victim.ts';

/** Messages sent and completed: none that was accepted is missing, none that was completed comes back. */
export async function killServiceBus(dir: string, kills: number, load: number): Promise<number> {
  const topology = path.join(dir, 'topology.json');
  const queue = { name: 'kills', lockDuration: 'PT1S', maxDeliveryCount: 2000 };
  writeFileSync(topology, JSON.stringify({ serviceBus: { queues: [queue] } }));
  const victim = new Victim({
    dir: path.join(dir, 'data'),
    port: fixedPort(5),
    args: ['--only', 'servicebus', '--topology', topology],
  });
  const attempts = new Map<string, number>();
  const accepted = new Set<string>();
  const taken = new Map<string, Set<string>>();
  const completed = new Set<string>();
  const cameBack: string[] = [];
  const clients: ServiceBusClient[] = [];
  const clientOf = (): ServiceBusClient => {
    const retryOptions = { timeoutInMs: 800, maxRetries: 0, retryDelayInMs: 20, maxRetryDelayInMs: 100 };
    const client = new ServiceBusClient(victim.settings['SERVICEBUS_CONNECTION_STRING'] ?? '', { retryOptions });
    clients.push(client);
    return client;
  };
  const senders = new Map<number, ReturnType<ServiceBusClient['createSender']>>();
  const senderOf = (lane: number) => {
    const sender = senders.get(lane) ?? clientOf().createSender('kills');
    senders.set(lane, sender);
    return sender;
  };
  const send = lanes(4, async (lane, n) => {
    const body = `${lane}-${n}`;
    attempts.set(body, (attempts.get(body) ?? 0) + 1);
    await senderOf(lane).sendMessages({ body });
    accepted.add(body);
  });
  const take = (): void => {
    const receiver = clientOf().createReceiver('kills');
    receiver.subscribe(
      {
        async processMessage(message) {
          const body = String(message.body);
          const number = String(message.sequenceNumber);
          if (completed.has(number)) cameBack.push(body);
          taken.set(body, (taken.get(body) ?? new Set()).add(number));
          await receiver.completeMessage(message);
          completed.add(number);
        },
        processError: () => Promise.resolve(),
      },
      { autoCompleteMessages: false, maxConcurrentCalls: 20 },
    );
  };
  try {
    return await torture(
      victim,
      {
        begin: () => {
          send.begin();
          take();
        },
        acknowledged: () => accepted.size,
        end: send.end,
        verify: async () => {
          while ([...accepted].some((body) => !taken.has(body))) await pause();
          must(cameBack.length === 0, 'completed, and delivered again', cameBack);
          const invented = [...taken].filter(([body, numbers]) => numbers.size > (attempts.get(body) ?? 0));
          must(invented.length === 0, 'more often there than sent', invented);
        },
      },
      kills,
      load,
    );
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
