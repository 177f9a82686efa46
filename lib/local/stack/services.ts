// The services of one start, in the order of need, each loaded only where it is wanted.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { TidewayError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { accountName, httpsSettings, serviceBusConnection, storageConnection, topicEndpoint } from '../connections.ts';
import type { Switchboard } from '../faults/switchboard.ts';
import { type HubFaults, openFaults } from '../hub/faults.ts';
import { named } from '../hub/hub-file.ts';
import type { Secrets } from '../hub/secrets.ts';
import type { LocalService } from '../service.ts';
import { readApp } from './app.ts';
import { subscriptionOf } from './event-subscriptions.ts';
import type { Ports } from './ports.ts';
import type { StackTopology } from './topology.ts';

/** Durable has no port: it runs in the Functions host. */
export const serviceNames = ['files', 'tables', 'servicebus', 'eventgrid', 'functions', 'durable'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface StackOptions {
  readonly data: string;
  /** With `functions` or `durable` there must be an `app`. */
  readonly services: ReadonlySet<ServiceName>;
  /** Of the first service; the others follow in the order of `listeners`. Free ones unless told. */
  readonly port?: number | undefined;
  /** Folder of a functions app. */
  readonly app?: string | undefined;
  readonly topology: StackTopology;
  /** Shortens the waits of the Functions host and the retries of Event Grid alike; 1 is as in Azure. */
  readonly timeScale: number;
  /** For tests: opens the fault switches; the seed decides by chance. */
  readonly faultSeed?: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (part: string) => Log;
}

/** What one start has brought up. */
export interface Started {
  /** Connection strings by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of the functions, else of the first service. */
  readonly url: string;
  /** What is wrong with single functions; the others run. */
  readonly problems: readonly string[];
}

export const host = '127.0.0.1';

/** One attempt at starting everything, and what it has started. */
export class Services {
  readonly #options: StackOptions;
  readonly #secrets: Secrets;
  readonly #ports: Ports;
  readonly #state: string;
  readonly #running: LocalService[] = [];
  readonly #settings: Record<string, string> = {};
  #faults: HubFaults | undefined;
  #worker: number | undefined;

  constructor(options: StackOptions, secrets: Secrets, ports: Ports) {
    this.#options = options;
    this.#secrets = secrets;
    this.#ports = ports;
    this.#state = path.join(options.data, 'services');
    mkdirSync(this.#state, { recursive: true, mode: 0o700 });
  }

  async start(): Promise<Started> {
    const { data, faultSeed } = this.#options;
    const { files, tables, servicebus, eventgrid, functions } = this.#ports;
    if (faultSeed !== undefined)
      this.#faults = await openFaults(data, faultSeed, (role) => (role === 'functions' ? this.#worker : process.pid));
    if (files !== undefined) await this.#startFiles(files);
    if (tables !== undefined) await this.#startTables(tables);
    if (servicebus !== undefined) await this.#startServiceBus(servicebus);
    if (eventgrid !== undefined) await this.#startEventGrid(eventgrid);
    await this.#makeContainers();
    const problems = functions === undefined ? [] : await this.#startFunctions(functions);
    const [first] = this.#running;
    const url = this.#settings['FUNCTIONS_URL'] ?? `http://${host}:${first?.port ?? 0}`;
    return { settings: this.#settings, url, problems };
  }

  async stop(): Promise<void> {
    for (const service of this.#running.splice(0).reverse()) await service.stop();
    await this.#faults?.stop();
  }

  async #startFiles(port: number): Promise<void> {
    const { startFiles } = await import('../files/service.ts');
    const files = await this.#add(
      'files',
      port,
      startFiles({
        dir: path.join(this.#state, 'files'),
        host,
        port,
        httpsPort: this.#ports.https,
        account: this.#account(),
        faults: this.#switchboard?.of('files'),
        log: this.#options.log('files'),
      }),
    );
    this.#target({ files });
    Object.assign(this.#settings, httpsSettings(this.#options.data, files, this.#account(), Date.now()));
  }

  async #startTables(port: number): Promise<void> {
    const { startTables } = await import('../tables/service.ts');
    const file = path.join(this.#state, 'tables.db');
    const [faults, log] = [this.#switchboard?.of('tables'), this.#options.log('tables')];
    await this.#add('tables', port, startTables({ file, host, port, account: this.#account(), faults, log }));
  }

  async #startServiceBus(port: number): Promise<void> {
    const { startServiceBus } = await import('../service-bus/start.ts');
    const key = this.#secrets.serviceBusKey;
    const serviceBus = await this.#add(
      'servicebus',
      port,
      startServiceBus({
        file: path.join(this.#state, 'service-bus.db'),
        host,
        port,
        topology: this.#options.topology.serviceBus,
        keys: [{ name: 'RootManageSharedAccessKey', key }],
        faults: this.#switchboard?.of('service-bus'),
        log: this.#options.log('service-bus'),
      }),
    );
    this.#target({ serviceBus });
    this.#settings['SERVICEBUS_CONNECTION_STRING'] = serviceBusConnection(host, port, key);
  }

  async #startEventGrid(port: number): Promise<void> {
    const { startEventGrid } = await import('../event-grid/service.ts');
    const { topology, timeScale, log } = this.#options;
    const { eventGridKey: key, systemKey } = this.#secrets;
    const { functions } = this.#ports;
    const destinations = {
      functions: functions === undefined ? undefined : { url: `http://${host}:${functions}`, key: systemKey },
      deadLetters: path.join(this.#options.data, 'dead-letters'),
    };
    const eventGrid = await this.#add(
      'eventgrid',
      port,
      startEventGrid({
        file: path.join(this.#state, 'event-grid.db'),
        host,
        port,
        topic: { ...topology.topic, key },
        subscriptions: topology.subscriptions.map((entry) => subscriptionOf(entry, destinations)),
        serviceBus: this.#settings['SERVICEBUS_CONNECTION_STRING'],
        retryScale: timeScale,
        faults: this.#switchboard?.of('event-grid'),
        log: log('event-grid'),
      }),
    );
    this.#target({ eventGrid });
    this.#settings['EVENTGRID_TOPIC_ENDPOINT'] = topicEndpoint(host, port);
    this.#settings['EVENTGRID_TOPIC_KEY'] = key;
  }

  async #makeContainers(): Promise<void> {
    const { files, tables } = this.#ports;
    if (files === undefined && tables === undefined) return;
    const connection = storageConnection(host, this.#secrets.accountKey, { files, tables });
    this.#settings['AZURE_STORAGE_CONNECTION_STRING'] = connection;
    const { topology } = this.#options;
    const wanted = {
      tables: tables === undefined ? [] : topology.tables,
      shares: files === undefined ? [] : topology.shares,
    };
    if (wanted.tables.length + wanted.shares.length === 0) return;
    const { makeContainers } = await import('../../azure/containers.ts');
    await makeContainers(connection, wanted);
  }

  async #startFunctions(port: number): Promise<readonly string[]> {
    const { app: dir = '', data, timeScale, environment, log } = this.#options;
    const { startFunctionsHost } = await import('../functions-host/host.ts');
    const { realWaits, scaledWaits } = await import('../functions-host/waits.ts');
    const { masterKey, functionKey, systemKey } = this.#secrets;
    const app = readApp(dir, this.#settings, environment);
    const functions = await this.#add(
      'functions',
      port,
      startFunctionsHost({
        app: { dir },
        host,
        port,
        settings: app.settings,
        hostJson: app.hostJson,
        keys: { master: masterKey, function: functionKey, system: systemKey },
        data: path.join(this.#state, 'functions'),
        args: ['--data', data],
        waits: scaledWaits(realWaits, timeScale),
        faults: this.#switchboard?.of('functions'),
        log: log('functions'),
        onWorker: (pid) => {
          this.#worker = pid;
        },
      }),
    );
    if (functions.errors.length > 0)
      throw new TidewayError('app_invalid', functions.errors.join('; '), { path: dir, hint: 'Correct host.json.' });
    Object.assign(this.#settings, {
      FUNCTIONS_URL: functions.url,
      FUNCTIONS_KEY: functionKey,
      FUNCTIONS_MASTER_KEY: masterKey,
      FUNCTIONS_SYSTEM_KEY: systemKey,
    });
    return functions.functions.flatMap(({ name, error }) =>
      error === undefined ? [] : [`function ${name}: ${error}`],
    );
  }

  async #add<T extends LocalService>(what: string, port: number, start: Promise<T>): Promise<T> {
    const service = await named(what, port, start);
    this.#running.push(service);
    return service;
  }

  #account(): { readonly name: string; readonly key: string } {
    return { name: accountName, key: this.#secrets.accountKey };
  }

  get #switchboard(): Switchboard | undefined {
    return this.#faults?.switchboard;
  }

  #target(targets: Partial<Switchboard['targets']>): void {
    if (this.#switchboard !== undefined) Object.assign(this.#switchboard.targets, targets);
  }
}
