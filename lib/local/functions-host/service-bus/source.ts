import type { ServiceBusClient } from '@azure/service-bus';
import type { Connect } from './connection.ts';
import { close } from './patience.ts';
import type { Source } from './receiver.ts';

/** `path` is a queue, or a topic with a subscription. */
export interface Entity {
  readonly path: string;
  readonly subscription?: string | undefined;
}

/** How long the broker is asked to wait for a session that has messages. */
const waitMs = 30_000;

const raw = { skipParsingBodyAsJson: true, skipConvertingDate: true } as const;

/**
 * The entity through a connection of its own. Bodies stay bytes: whether they are JSON is the trigger's business.
 */
export function openSource(open: Connect, { path, subscription }: Entity): Source {
  // No retries inside the client where the listeners' loops are the retry, and must see errors to log them; the delays
  // are those of its subscriptions, which come back by themselves however long it takes.
  const connect = (): ServiceBusClient =>
    open({ retryOptions: { maxRetries: 0, timeoutInMs: waitMs, retryDelayInMs: 250, maxRetryDelayInMs: 2_000 } });
  let client = connect();
  // Told when the client is given up: a session that still comes to it is closed at once, else its token would be renewed for
  // hours, which keeps a process alive.
  const waiting = new Set<AbortController>();
  const giveUp = (): void => {
    for (const one of waiting) one.abort();
  };
  let lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  return {
    receiver(renewMs) {
      const options = { ...raw, maxAutoLockRenewalDurationInMs: renewMs };
      return subscription === undefined
        ? client.createReceiver(path, options)
        : client.createReceiver(path, subscription, options);
    },
    nextSession() {
      // The client renews a session's lock only for so long after it was accepted; the listener renews by message.
      const wait = new AbortController();
      waiting.add(wait);
      const options = { ...raw, maxAutoLockRenewalDurationInMs: 0, abortSignal: wait.signal };
      const accepted =
        subscription === undefined
          ? client.acceptNextSession(path, options)
          : client.acceptNextSession(path, subscription, options);
      return Promise.race([accepted.finally(() => waiting.delete(wait)), lost.promise]);
    },
    reconnect() {
      const old = client;
      client = connect();
      // Whoever waits at the old one may wait long; to be told that there is no session makes it ask the new one.
      lost.reject(Object.assign(new Error('The connection was given up.'), { code: 'ServiceTimeout' }));
      lost = Promise.withResolvers<never>();
      lost.promise.catch(() => {});
      giveUp();
      // It cannot be told whether what is broken closes; nothing waits for it.
      close(old).catch(() => {});
    },
    close() {
      giveUp();
      return close(client);
    },
  };
}
