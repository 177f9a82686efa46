import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { AppSettings } from '../app-settings.ts';
import { type NamedBinding, textOption } from '../function-definition.ts';
import type { TypedData } from '../rpc.ts';
import { connectionOf } from './connection.ts';
import { close } from './patience.ts';

/** The Service Bus output binding: one sender an entity, kept open. */
export class OutputSender {
  readonly #settings: AppSettings;
  readonly #clients = new Map<string, ServiceBusClient>();
  readonly #senders = new Map<string, ServiceBusSender>();

  constructor(settings: AppSettings) {
    this.#settings = settings;
  }

  /** A JSON array is one message an element; anything else is one message. */
  async send(binding: NamedBinding, data: TypedData): Promise<void> {
    const messages = toMessages(data);
    if (messages.length > 0) await this.#sender(binding).sendMessages(messages);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(close));
  }

  #sender(binding: NamedBinding): ServiceBusSender {
    const connection = textOption(binding, 'connection');
    const entity = textOption(binding, binding['topicName'] === undefined ? 'queueName' : 'topicName');
    const key = `${connection}\n${entity}`;
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const client = this.#clients.get(connection) ?? connectionOf(this.#settings, connection)();
    this.#clients.set(connection, client);
    const sender = client.createSender(entity);
    this.#senders.set(key, sender);
    return sender;
  }
}

export function toMessages(data: TypedData): ServiceBusMessage[] {
  if (data.bytes !== undefined) return [{ body: data.bytes }];
  const text = data.string ?? data.json ?? String(data.int ?? data.double ?? '');
  const parsed = data.json === undefined ? text : (JSON.parse(data.json) as unknown);
  // Bytes, so that the client does not put a text into quotes.
  const message = (body: string, contentType?: string): ServiceBusMessage => ({
    body: Buffer.from(body),
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (Array.isArray(parsed))
    return parsed.map((one: unknown) =>
      typeof one === 'string' ? message(one) : message(JSON.stringify(one), 'application/json'),
    );
  return [message(text, data.json === undefined ? undefined : 'application/json')];
}
