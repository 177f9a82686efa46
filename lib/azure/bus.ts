// The backend's client of Service Bus, by key or by identity.
import { RetryMode, ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import { must } from '../base/errors.ts';
import { tokenSource } from './identity.ts';
import type { ServiceBus } from './settings.ts';

/**
 * How long the answer to one message may take. A link that ends while a message is on its way (its token is over because a
 * clock jumped, the connection broke) leaves the client waiting for an answer that cannot come: for a minute if nobody says
 * otherwise, and then for half a minute before it tries again. Event Grid gives `fanOut` 30 s.
 */
const answerMs = 10_000;

/** Whoever sends may send the same again: both receivers know an operation, or a hint, by its number. */
export function busClient(bus: ServiceBus, timeoutInMs = answerMs): ServiceBusClient {
  const options: ServiceBusClientOptions = {
    retryOptions: { maxRetries: 2, mode: RetryMode.Exponential, retryDelayInMs: 250, timeoutInMs },
  };
  if (bus.connectionString !== undefined) return new ServiceBusClient(bus.connectionString, options);
  const identity = must(bus.identity, 'neither key nor identity');
  return new ServiceBusClient(new URL(bus.endpoint).host, tokenSource(identity), options);
}
