// Delivery to Service Bus: a message an event, by the official client. Source: Service Bus as event handler, Microsoft Learn.
import { ServiceBusClient, type ServiceBusMessage, type ServiceBusSender, isServiceBusError } from '@azure/service-bus';
import { randomUUID } from 'node:crypto';
import type { Notification } from './notification.ts';

export class Messages {
  readonly #client: ServiceBusClient;
  readonly #senders = new Map<string, ServiceBusSender>();

  constructor(connection: string) {
    // A delivery that fails is Event Grid's to repeat.
    this.#client = new ServiceBusClient(connection, { retryOptions: { maxRetries: 0, timeoutInMs: 30_000 } });
  }

  /** The status that HTTP would have: 200, or 404 where there is no such entity. Other errors are the client's. */
  async send(entity: string, notification: Notification): Promise<number> {
    const sender = this.#senders.get(entity) ?? this.#client.createSender(entity);
    this.#senders.set(entity, sender);
    try {
      await sender.sendMessages(messagesOf(notification));
      return 200;
    } catch (error) {
      this.#senders.delete(entity);
      await sender.close();
      if (isServiceBusError(error) && error.code === 'MessagingEntityNotFound') return 404;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function messagesOf({ headers, body }: Notification): ServiceBusMessage[] {
  const { 'content-type': contentType = '', sessionid, ...properties } = headers;
  const parsed = JSON.parse(body) as unknown;
  const events = (Array.isArray(parsed) ? parsed : [parsed]) as readonly unknown[];
  return events.map((event) => {
    const messageId = randomUUID();
    return {
      messageId,
      // Bytes: an event is JSON already.
      body: Buffer.from(JSON.stringify(event)),
      contentType,
      ...(sessionid === undefined ? {} : { sessionId: sessionid }),
      applicationProperties: { ...properties, 'aeg-output-event-id': messageId },
    };
  });
}
