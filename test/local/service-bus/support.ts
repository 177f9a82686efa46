import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import type { ServiceBusClientOptions, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { listenKey, rootKey, sendKey, topology } from './fixture.ts';
import { sasToken } from '../../../lib/local/service-bus/sas.ts';
import type { AccessKey } from '../../../lib/local/service-bus/sas.ts';
import { startServiceBus } from '../../../lib/local/service-bus/start.ts';
import type { ServiceBusOptions, ServiceBusService } from '../../../lib/local/service-bus/start.ts';

export interface Bench {
  readonly service: ServiceBusService;
  readonly file: string;
  readonly connectionString: string;
  client(options?: ServiceBusClientOptions): ServiceBusClient;
  clientOf(connectionString: string, options?: ServiceBusClientOptions): ServiceBusClient;
  /** Stops and starts again over the same file, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export function connectionString(port: number, key = rootKey): string {
  return (
    `Endpoint=sb://localhost:${port};SharedAccessKeyName=${key.name};SharedAccessKey=${key.key};` +
    'UseDevelopmentEmulator=true'
  );
}

/** The connection string of one who holds a token for one entity alone. */
export function tokenConnectionString(port: number, entity: string, key: AccessKey, expiresAt: number): string {
  const token = sasToken(`sb://localhost:${port}/${entity}`, key, expiresAt);
  return `Endpoint=sb://localhost:${port};SharedAccessSignature=${token};UseDevelopmentEmulator=true`;
}

/** A broker over a fresh file, with clients that are closed with it. */
export async function startBench(options: Partial<ServiceBusOptions> = {}): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), 'tideway-sb-'));
  const file = join(directory, 'bus.db');
  const clients: ServiceBusClient[] = [];
  const start = (port?: number): Promise<ServiceBusService> =>
    startServiceBus({ file, topology, keys: [rootKey, sendKey, listenKey], port, ...options });
  let service = await start();
  const clientOf = (text: string, clientOptions?: ServiceBusClientOptions): ServiceBusClient => {
    const client = new ServiceBusClient(text, clientOptions);
    clients.push(client);
    return client;
  };
  return {
    get service() {
      return service;
    },
    file,
    get connectionString() {
      return connectionString(service.port);
    },
    client: (clientOptions) => clientOf(connectionString(service.port), clientOptions),
    clientOf,
    async restart() {
      const { port } = service;
      await service.stop();
      service = await start(port);
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await service.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Waits until `condition` gives something true; fails after 20 s with what was waited for. */
export async function until<T>(what: string, condition: () => T | Promise<T>, ms = 20_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The next `count` messages; fails when they do not come. */
export async function receive(receiver: ServiceBusReceiver, count = 1): Promise<ServiceBusReceivedMessage[]> {
  const messages: ServiceBusReceivedMessage[] = [];
  while (messages.length < count) {
    const more = await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 15_000 });
    if (more.length === 0) throw new Error(`only ${messages.length} of ${count} messages came`);
    messages.push(...more);
  }
  return messages;
}

export async function one(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receive(receiver);
  return message!;
}

export const empty = async (receiver: ServiceBusReceiver): Promise<boolean> =>
  (await receiver.receiveMessages(1, { maxWaitTimeInMs: 30 })).length === 0;

export interface Proxy {
  readonly port: number;
  /** Breaks every connection without a word, as the death of a process does. */
  cut(): void;
  stop(): Promise<void>;
}

/** A way to the broker that can be cut. */
export async function startProxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const [from, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(other);
      from.on('error', () => other.destroy());
      from.on('close', () => {
        other.destroy();
        sockets.delete(from);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
