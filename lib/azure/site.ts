// What an agent reaches directly, by the SAS it was handed: the group's rows, the queue, its slot of the topic.
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import { count } from '../base/counters.ts';
import type { Row } from '../cloud/ports.ts';
import type { Access } from '../protocol/api.ts';
import { tableRest } from './rest/tables.ts';

export interface RowReader {
  get(key: string): Promise<Row | undefined>;
  range(from: string, to: string, limit: number): Promise<readonly Row[]>;
  close(): void;
}

export function rowReader(access: Pick<Access, 'group' | 'table'>): RowReader {
  const { url, name, sas } = access.table;
  const table = tableRest(url, name, { kind: 'sas', sas }, 8);
  return {
    get: (key) => table.get(access.group, key),
    range: (from, to, limit) => table.range(access.group, from, to, limit),
    close: () => table.close(),
  };
}

export interface ChangeSender {
  send(group: string, body: unknown): Promise<void>;
  close(): Promise<void>;
}

/**
 * How long a message may take. A connection that broke at the wrong moment leaves the client waiting for a link that is
 * gone, for a minute if nobody says otherwise; and for that long nothing of this site would go out.
 */
const answerMs = 10_000;
const closingMs = 1000;

/** Sends once: who calls repeats it. Errors: those of the client, `ServiceTimeout` after `timeoutInMs`. */
export function changeSender(changes: Access['changes'], timeoutInMs = answerMs): ChangeSender {
  const client = new ServiceBusClient(changes.connection, { retryOptions: { maxRetries: 0, timeoutInMs } });
  const sender = client.createSender(changes.queue);
  return {
    send: (group, body) => {
      count('messages.sent');
      return sender.sendMessages({ body, sessionId: group, contentType: 'application/json' });
    },
    close: () => closed(client),
  };
}

/**
 * Hints are taken and forgotten at once: losing one costs a poll, nothing else. The client would wait half a minute before
 * it looks for a service that was away.
 */
export function hintReceiver(
  hints: Access['hints'],
  onBody: (body: unknown) => void,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const client = new ServiceBusClient(hints.connection, { retryOptions: { retryDelayInMs: 1000 } });
  const receiver = client.createReceiver(hints.topic, hints.subscription, { receiveMode: 'receiveAndDelete' });
  receiver.subscribe(
    {
      processMessage: (message) => {
        count('messages.received');
        onBody(message.body);
        return Promise.resolve();
      },
      processError: (args) => {
        onError(args.error);
        return Promise.resolve();
      },
    },
    { maxConcurrentCalls: 16 },
  );
  return { close: () => closed(client) };
}

/**
 * The client waits for the end of a link that its connection took with it, and for ever: an agent that turns to new rights
 * after the service was away would stand still.
 */
async function closed(client: ServiceBusClient): Promise<void> {
  const patience = new AbortController();
  const late = sleep(closingMs, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
  try {
    await Promise.race([client.close(), late]);
  } finally {
    patience.abort();
  }
}
