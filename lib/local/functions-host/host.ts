// The embedded Functions host, top to bottom: settings, worker, functions, listeners, HTTP. The app runs in a child
// process with the unmodified @azure/functions; whatever triggers it runs here.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { type Clock, systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Log, silent } from '../../base/log.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { LocalService } from '../service.ts';
import { AppSettings } from './app-settings.ts';
import type { ExtensionFactory, HostContext } from './extension.ts';
import { FunctionTable } from './function-table.ts';
import { HostJsonError, type HostSettings, parseHostJson } from './host-json.ts';
import { HostLog } from './host-log.ts';
import { type DrainState, type FunctionSummary, type HostState, admin } from './http/admin.ts';
import { Admission } from './http/admission.ts';
import { dispatch } from './http/dispatcher.ts';
import type { HostKeys } from './http/keys.ts';
import { listen } from './http/server.ts';
import { type Counters, Invoker } from './invoker.ts';
import { WorkerProcess } from './worker-process.ts';

export interface FunctionsHostOptions {
  /** `entries` are files relative to `dir` (TypeScript or JavaScript); without any, `main` of its package.json. */
  readonly app: { readonly dir: string; readonly entries?: readonly string[] | undefined };
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string | undefined;
  /** A free one is taken unless told. */
  readonly port?: number | undefined;
  /** App settings: environment of the worker, `%X%` in bindings, names of connections. */
  readonly settings: Readonly<Record<string, string>>;
  readonly hostJson: object;
  readonly keys: HostKeys;
  /** Directory for the host's state; without it timers forget at the end what they missed. */
  readonly data?: string | undefined;
  /** Further arguments of the worker's command line, so that a process listing shows whose it is. */
  readonly args?: readonly string[] | undefined;
  /** Milliseconds that running invocations get to finish when the host stops; 5 s unless told. */
  readonly stopTimeoutMs?: number | undefined;
  readonly extensions?: readonly ExtensionFactory[] | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly log?: Log | undefined;
  /** Told the worker's process id, and undefined when it has ended. */
  readonly onWorker?: ((pid: number | undefined) => void) | undefined;
}

export interface FunctionsHost extends LocalService {
  /** Without a slash at the end. */
  readonly url: string;
  readonly state: HostState;
  /** Why the host (not one of its functions) is in error. */
  readonly errors: readonly string[];
  readonly functions: readonly FunctionSummary[];
  readonly counters: Counters & { readonly workerRestarts: number };
  /** Stops all listeners and resolves once nothing runs; HTTP goes on. */
  drain(): Promise<void>;
}

const bodyLimit = 104_857_600;

/**
 * Starts the host and its app. Requests that come before it is ready wait.
 * Errors: `app_load_failed`, `state_*` of the timers' file, the system's when the port cannot be had. An invalid host.json
 * is a state of the host (`Error`: routes answer 503), wrong bindings one of their function.
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { keys, clock = systemClock, host = '127.0.0.1', data } = options;
  const { settings: hostSettings, errors } = readHostJson(options.hostJson);
  const log = new HostLog(options.log ?? silent, hostSettings.logLevel);
  const settings = new AppSettings(options.settings);
  const startedAt = clock.monotonic();
  const ready = Promise.withResolvers<void>();
  // A request may be waiting for it or not; the caller of this function gets the error.
  ready.promise.catch(() => {});
  if (data !== undefined) mkdirSync(data, { recursive: true });

  let state: HostState = 'Starting';
  let drainState: DrainState = 'Disabled';
  const admission = new Admission({
    concurrent: hostSettings.maxConcurrentRequests,
    outstanding: hostSettings.maxOutstandingRequests,
  });

  // The port first: the worker must know its own address, which links in answers are made of.
  const server = await listen({
    host,
    port: options.port ?? 0,
    bodyLimit,
    handle: (request) =>
      dispatch(request, {
        keys,
        ready: ready.promise,
        isRunning: () => state !== 'Error',
        routes: () => table.routes,
        extensions: () => table.extensions,
        admission: () => admission,
        invoke: (definition, invocation) => invoker.invoke(definition, invocation),
        admin: (one) => Promise.resolve(admin(one, target)),
      }),
    failed: (error) => log.write('Host.Http', 'error', messageOf(error)),
  });
  const url = `http://${host}:${server.port}`;

  const worker = new WorkerProcess({
    dir: options.app.dir,
    entries: options.app.entries ?? [],
    env: { ...process.env, ...workerEnvironment(options.app.dir, `${host}:${server.port}`), ...options.settings },
    args: options.args ?? [],
    clock,
    log,
    onWorker: options.onWorker ?? (() => {}),
  });
  const invoker = new Invoker({
    clock,
    log,
    worker,
    random: options.random ?? systemRandom,
    timeoutMs: hostSettings.functionTimeoutMs,
    retry: hostSettings.retry,
    inputs: (definition) => table.inputs(definition),
    outputs: (definition, response) => table.outputs(definition, response),
  });
  const context: HostContext = {
    clock,
    settings,
    hostSettings,
    log,
    url,
    data,
    functions: () => table.definitions,
    invoke: (definition, invocation) => invoker.invoke(definition, invocation),
  };
  const table = new FunctionTable(context, options.extensions ?? []);

  const drain = async (): Promise<void> => {
    drainState = 'InProgress';
    await table.stopListeners();
    await invoker.whenIdle();
    drainState = 'Completed';
  };
  const target = {
    keys,
    id: hostId(options.app.dir),
    state: () => state,
    errors: () => errors,
    uptimeMs: () => Math.round(clock.monotonic() - startedAt),
    functions: () => table.summaries,
    counters: () => invoker.counters,
    drainState: () => drainState,
    drain: () => {
      drain().catch((error: unknown) => log.write('Host', 'error', `Draining: ${messageOf(error)}`));
    },
    start: (name: string, invocation: Parameters<HostContext['invoke']>[1]) => {
      const definition = table.definitions.find((one) => one.name.toLowerCase() === name);
      if (definition === undefined) return false;
      invoker.invoke(definition, invocation).catch(() => {
        // Logged by the invoker; this caller was answered 202 before.
      });
      return true;
    },
  };

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    state = 'Stopping';
    invoker.endRetries();
    const graceMs = options.stopTimeoutMs ?? 5_000;
    const deadline = setTimeout(() => worker.end(), graceMs);
    const closed = server.close(graceMs);
    await table.stopListeners();
    await invoker.whenIdle();
    await closed;
    clearTimeout(deadline);
    await worker.stop();
    await table.stop();
  };

  const running: FunctionsHost = {
    name: 'functions',
    port: server.port,
    url,
    get state() {
      return state;
    },
    errors,
    get functions() {
      return table.summaries;
    },
    get counters() {
      return { ...invoker.counters, workerRestarts: worker.restarts };
    },
    drain,
    stop: () => (stopped ??= stop()),
  };
  try {
    if (errors.length > 0) state = 'Error';
    else {
      table.index(await worker.start());
      await table.startListeners();
      state = 'Running';
    }
    for (const error of errors) log.write('Host', 'error', error);
    log.write('Host', 'information', errors.length > 0 ? 'Host is in error' : 'Host started');
    ready.resolve();
    return running;
  } catch (error) {
    ready.reject(error);
    await running.stop();
    throw error;
  }
}

/** Settings of an invalid file are the defaults: nothing runs with them, but the admin API has something to stand on. */
function readHostJson(json: object): { settings: HostSettings; errors: readonly string[] } {
  const cores = availableParallelism();
  try {
    return { settings: parseHostJson(json, cores), errors: [] };
  } catch (error) {
    if (!(error instanceof HostJsonError)) throw error;
    return { settings: parseHostJson({}, cores), errors: [error.message] };
  }
}

/** What an app may expect beside its settings. Libraries find the host by its name, and not through a proxy. */
function workerEnvironment(dir: string, address: string): Record<string, string> {
  const direct = [process.env['NO_PROXY'] ?? process.env['no_proxy'] ?? '', '127.0.0.1', 'localhost'];
  const noProxy = direct.filter((name) => name !== '').join(',');
  return {
    WEBSITE_HOSTNAME: address,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsScriptRoot: dir,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
  };
}

/** As Microsoft's host makes it when run locally: the machine's name and a hash of the app's path. */
function hostId(dir: string): string {
  const hash = createHash('sha256').update(dir).digest('hex');
  return `${hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '')}-${hash}`.slice(0, 32);
}
