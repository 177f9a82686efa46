import { ServiceBusClient } from '@azure/service-bus';
import type { Source } from './receiver.ts';

/** `path` is a queue, or a topic with a subscription. */
export interface Entity {
  readonly path: string;
  readonly subscription?: string | undefined;
}

/**
 * The entity through a connection of its own. Bodies stay bytes: whether they are JSON is the trigger's business.
 */
export function openSource(connectionString: string, { path, subscription }: Entity): Source {
  // No retries inside the client: the listeners' loops are the retry, and they must see errors to log them.
  const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0 } });
  const raw = { skipParsingBodyAsJson: true, skipConvertingDate: true } as const;
  return {
    receiver(renewMs) {
      const options = { ...raw, maxAutoLockRenewalDurationInMs: renewMs };
      return subscription === undefined
        ? client.createReceiver(path, options)
        : client.createReceiver(path, subscription, options);
    },
    nextSession() {
      // The client renews a session's lock only for so long after it was accepted; the listener renews by message.
      const options = { ...raw, maxAutoLockRenewalDurationInMs: 0 };
      return subscription === undefined
        ? client.acceptNextSession(path, options)
        : client.acceptNextSession(path, subscription, options);
    },
    close: () => client.close(),
  };
}
