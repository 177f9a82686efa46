// Queue, topic and Event Grid, as the backend uses them (lib/cloud/ports.ts), through the official clients.
import { randomUUID } from 'node:crypto';
import type { EventGridPublisherClient } from '@azure/eventgrid';
import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { Changes, Events, Sites } from '../cloud/ports.ts';

const changesQueue = 'changes';
const sitesTopic = 'sites';
const committedType = 'Tideway.ChangesCommitted';

export function changesOf(client: ServiceBusClient): Changes {
  const sender = client.createSender(changesQueue);
  return {
    send: (group, body) =>
      sender.sendMessages({ body, sessionId: group, messageId: randomUUID(), contentType: 'application/json' }),
  };
}

const hintLifeMs = 5 * 60 * 1000;

export function sitesOf(client: ServiceBusClient): Sites {
  const sender = client.createSender(sitesTopic);
  return {
    send: async (messages) => {
      const out = messages.map(({ to, hint }): ServiceBusMessage => ({
        body: hint,
        to,
        messageId: randomUUID(),
        contentType: 'application/json',
        timeToLive: hintLifeMs,
      }));
      await sendAll(sender, out);
    },
  };
}

/** Split below the tier's message limit: what does not fit into one batch goes with the next. */
async function sendAll(sender: ServiceBusSender, messages: readonly ServiceBusMessage[]): Promise<void> {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) {
    await sender.sendMessages(only);
    return;
  }
  let batch = await sender.createMessageBatch();
  for (const message of messages) {
    if (batch.tryAddMessage(message)) continue;
    await sender.sendMessages(batch);
    batch = await sender.createMessageBatch();
    if (!batch.tryAddMessage(message)) throw new Error('broken invariant: a hint does not fit into one message');
  }
  if (batch.count > 0) await sender.sendMessages(batch);
}

export function eventsOf(client: EventGridPublisherClient<'CloudEvent'>): Events {
  return {
    committed: ({ group, from, to }) =>
      client.send([{ type: committedType, source: '/tideway', subject: `groups/${group}`, data: { group, from, to } }]),
  };
}
