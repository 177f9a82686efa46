// The embedded Azure, in the order of need: tables, files, Service Bus, Event Grid, then the real functions.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { provision } from '../../azure/connect.ts';
import { readConnections } from '../../azure/settings.ts';
import { counted, flatten, type Counts } from '../../base/counters.ts';
import type { Log } from '../../base/log.ts';
import {
  accountName,
  httpsSettings,
  serviceBusConnection,
  storageConnection,
  topicEndpoint,
  webhookOf,
} from '../connections.ts';
import { startEventGrid } from '../event-grid/service.ts';
import type { Switchboard } from '../faults/switchboard.ts';
import { startFiles } from '../files/service.ts';
import { startFunctionsHost, type FunctionsHost } from '../functions-host/host.ts';
import { type HostWaits, hubWaits } from '../functions-host/waits.ts';
import { startServiceBus } from '../service-bus/start.ts';
import { expandTopology } from '../service-bus/topology.ts';
import type { LocalService } from '../service.ts';
import { startTables } from '../tables/service.ts';
import { startIdentity, trustServices, type AppIdentity, type SecurePlaces } from './app-identity.ts';
import { named, type Ports } from './hub-file.ts';
import type { Secrets } from './secrets.ts';
import { z } from 'zod';

const root = path.join(import.meta.dirname, '../../..');
const triggers = [
  'commit',
  'fan-out',
  'share-changed',
  'events',
  'tick',
  'api',
  'backup-steps',
  'job-steps',
  'orchestrations',
];
const entries = triggers.map((name) => `functions/${name}.ts`);

const topologyFile = z.object({
  serviceBus: z.unknown(),
  eventGrid: z.object({
    topic: z.string(),
    subscriptions: z.array(
      z.object({ name: z.string(), function: z.string(), includedEventTypes: z.array(z.string()) }),
    ),
  }),
});

export interface AzureOptions {
  readonly data: string;
  readonly host: string;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly share: string;
  readonly log: (part: string) => Log;
  /** Switches of a hub that was started for tests. */
  readonly faults?: Switchboard | undefined;
  /** Of the Functions host; those of a hub unless told. */
  readonly waits?: HostWaits | undefined;
  /** Settings of the functions beside the connections, for example ages. */
  readonly settings: Readonly<Record<string, string>>;
  /** Another app than the functions of this checkout. */
  readonly app?: ForeignApp | undefined;
  onWorker(pid: number | undefined): void;
}

/** A folder as it is deployed: package.json says what to load, host.json how. */
export interface ForeignApp {
  readonly dir: string;
  /** Who it is where it has no keys. */
  readonly identity?: AppIdentity | undefined;
  /** All settings it gets, made of those that ours would get here; `places` are for one that has an identity. */
  settings(
    embedded: Readonly<Record<string, string>>,
    places: SecurePlaces | undefined,
  ): Readonly<Record<string, string>>;
}

export interface Azure {
  readonly functions: FunctionsHost;
  /** Where files are by https, and whom to trust there; nothing where it was not asked for. */
  readonly https: Readonly<Record<string, string>>;
  /** Environment of processes that reach the services by TLS. */
  readonly env: Readonly<Record<string, string>>;
  /** By service, and of the process that all of them run in under `hub`. */
  counters(): Readonly<Record<string, Counts>>;
  stop(): Promise<void>;
}

/** What a program needs to reach the services, under the names that the functions know too. */
export function connectionSettings(host: string, ports: Ports, secrets: Secrets): Record<string, string> {
  return {
    AZURE_STORAGE_CONNECTION_STRING: storageConnection(host, secrets.accountKey, ports),
    SERVICEBUS_CONNECTION_STRING: serviceBusConnection(host, ports.serviceBus, secrets.serviceBusKey),
    EVENTGRID_TOPIC_ENDPOINT: topicEndpoint(host, ports.eventGrid),
    EVENTGRID_TOPIC_KEY: secrets.eventGridKey,
    TIDEWAY_TOKEN: secrets.token,
  };
}

export async function startAzure(options: AzureOptions): Promise<Azure> {
  const { data, host, ports, secrets, faults, log } = options;
  const identity = options.app?.identity;
  const state = path.join(data, 'azure');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const topology = topologyFile.parse(JSON.parse(readFileSync(path.join(root, 'infra/topology.json'), 'utf8')));
  const account = { name: accountName, key: secrets.accountKey };
  const running: LocalService[] = [];
  const stopping: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stopping.toReversed()) await each();
  };
  const counters = (): Record<string, Counts> => ({
    ...Object.fromEntries(running.map((service) => [service.name, flatten(service.counters)])),
    hub: counted(),
  });
  const add = async <T extends LocalService>(what: string, port: number, start: Promise<T>): Promise<T> => {
    const service = await named(what, port, start);
    running.push(service);
    stopping.push(() => service.stop());
    return service;
  };
  try {
    const file = path.join(state, 'tables.db');
    await add(
      'tables',
      ports.tables,
      startTables({ file, host, port: ports.tables, account, faults: faults?.of('tables'), log: log('tables') }),
    );
    const dir = path.join(state, 'files');
    const files = await add(
      'files',
      ports.files,
      startFiles({
        dir,
        host,
        port: ports.files,
        httpsPort: ports.https ?? (identity === undefined ? undefined : 0),
        account,
        faults: faults?.of('files'),
        log: log('files'),
      }),
    );
    const trust = identity === undefined ? undefined : trustServices(state);
    const tls = { secure: trust?.secure, issuer: identity === undefined ? undefined : account };
    const serviceBus = await add(
      'serviceBus',
      ports.serviceBus,
      startServiceBus({
        file: path.join(state, 'service-bus.db'),
        host,
        port: ports.serviceBus,
        topology: expandTopology(topology.serviceBus),
        // The two rules that agents' tokens are signed with in Azure (infra/modules/service-bus.bicep) are here, too.
        keys: [
          { name: 'RootManageSharedAccessKey', key: secrets.serviceBusKey },
          { name: 'agent-send', key: secrets.serviceBusKey, claims: ['Send'] },
          { name: 'agent-listen', key: secrets.serviceBusKey, claims: ['Listen'] },
        ],
        ...tls,
        faults: faults?.of('service-bus'),
        log: log('service-bus'),
      }),
    );
    const functionsUrl = `http://${host}:${ports.functions}`;
    const eventGrid = await add(
      'eventGrid',
      ports.eventGrid,
      startEventGrid({
        file: path.join(state, 'event-grid.db'),
        host,
        port: ports.eventGrid,
        topic: { name: topology.eventGrid.topic, key: secrets.eventGridKey },
        subscriptions: topology.eventGrid.subscriptions.map((each) => ({
          name: each.name,
          includedEventTypes: each.includedEventTypes,
          endpoint: webhookOf(functionsUrl, each.function, secrets.systemKey),
        })),
        ...tls,
        faults: faults?.of('event-grid'),
        log: log('event-grid'),
      }),
    );
    if (faults !== undefined) Object.assign(faults.targets, { files, serviceBus, eventGrid });
    const connections = connectionSettings(host, ports, secrets);
    await provision(readConnections(connections), options.share);
    const settings = {
      ...connections,
      // On Azure the host keeps its own state there, that of Durable Functions too; here it is in the data directory.
      AzureWebJobsStorage: connections['AZURE_STORAGE_CONNECTION_STRING'] ?? '',
      TIDEWAY_CLOUD_KEY: secrets.cloudKey,
      TIDEWAY_TICK: '*/10 * * * * *',
      // No listing costs money here.
      TIDEWAY_ENUMERATE_SECONDS: '3600',
      ...options.settings,
    };
    const places = trust && {
      files: files.secure?.url ?? '',
      serviceBus: `localhost:${serviceBus.securePort}`,
      eventGrid: eventGrid.secureUrl ?? '',
    };
    const endpoint = identity && (await startIdentity(account, identity, host));
    if (endpoint !== undefined) stopping.push(() => endpoint.stop());
    const app = options.app === undefined ? { dir: root, entries } : { dir: options.app.dir };
    const functions = await add(
      'functions',
      ports.functions,
      startFunctionsHost({
        app,
        host,
        port: ports.functions,
        settings: { ...(options.app?.settings(settings, places) ?? settings), ...endpoint?.env, ...trust?.env },
        hostJson: z
          .object({})
          .loose()
          .parse(JSON.parse(readFileSync(path.join(app.dir, 'host.json'), 'utf8'))),
        keys: { master: secrets.masterKey, function: secrets.functionKey, system: secrets.systemKey },
        data: path.join(state, 'functions'),
        args: ['--data', data],
        waits: options.waits ?? hubWaits,
        faults: faults?.of('functions'),
        log: log('functions'),
        onWorker: (pid) => options.onWorker(pid),
      }),
    );
    const https = httpsSettings(data, files, account, Date.now());
    return { functions, https, env: trust?.env ?? {}, counters, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
