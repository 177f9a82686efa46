// A namespace of somebody's. Entities cannot be made without the rights to manage them, so all runs share those of
// topology.json: whoever holds the one session of the queue `turn` has them for itself, until the end of its test file.
// A session is let go by the death of its holder, too.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isServiceBusError,
  ServiceBusClient,
  type ServiceBusClientOptions,
  type ServiceBusSessionReceiver,
} from '@azure/service-bus';
import { must } from '../../../lib/base/errors.ts';
import type { Namespace } from './contract.ts';
import { drainOf } from './drain.ts';
import { setRules } from './rules.ts';

export class Elsewhere implements Namespace {
  readonly connectionString: string;
  #own: ServiceBusClient | undefined;
  #turn: ServiceBusSessionReceiver | undefined;
  #drain: () => Promise<void> = () => Promise.resolve();
  #clients: ServiceBusClient[] = [];

  constructor(connectionString: string) {
    this.connectionString = connectionString;
  }

  async begin(): Promise<void> {
    this.#own = new ServiceBusClient(this.connectionString);
    this.#turn = await turnOf(this.#own);
    this.#drain = drainOf(this.#own);
    await this.#restore();
  }

  client(options?: ServiceBusClientOptions): ServiceBusClient {
    return this.clientOf(this.connectionString, options);
  }

  clientOf(connectionString: string, options?: ServiceBusClientOptions): ServiceBusClient {
    const client = new ServiceBusClient(connectionString, options);
    this.#clients.push(client);
    return client;
  }

  /** The end of a case: all is as it was before. */
  async stop(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    await this.#restore();
  }

  async end(): Promise<void> {
    await this.#turn?.close();
    await this.#own?.close();
  }

  async #restore(): Promise<void> {
    await setRules(must(this.#own, 'the run has not begun'));
    await this.#drain();
  }
}

/** Waits until nobody else is at it. */
async function turnOf(client: ServiceBusClient): Promise<ServiceBusSessionReceiver> {
  for (;;)
    try {
      return await client.acceptSession('turn', 'one', { maxAutoLockRenewalDurationInMs: 24 * 3_600_000 });
    } catch (error) {
      if (!isServiceBusError(error) || error.code !== 'SessionCannotBeLocked') throw error;
      await sleep(1000);
    }
}
