// The embedded Functions host, top to bottom: port, host.json, the app at work, HTTP, the end. The app runs in child
// processes with the unmodified @azure/functions; whatever triggers it runs here.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Clock, systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Log, silent } from '../../base/log.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { Faults } from '../faults.ts';
import type { LocalService } from '../service.ts';
import { AppSettings } from './app-settings.ts';
import { hostId, workerEnvironment } from './environment.ts';
import type { ExtensionFactory } from './extension.ts';
import { HostFile } from './host-file.ts';
import { HostLog } from './host-log.ts';
import { type AdminTarget, type DrainState, type FunctionSummary, type HostState, admin } from './http/admin.ts';
import { dispatch } from './http/dispatcher.ts';
import type { HostKeys } from './http/keys.ts';
import { listen } from './http/server.ts';
import type { Counters } from './invoker.ts';
import { JobHost } from './job-host.ts';
import { type HostWaits, realWaits } from './waits.ts';

export interface FunctionsHostOptions {
  /** `entries` are files relative to `dir` (TypeScript or JavaScript); without any, `main` of its package.json. */
  readonly app: { readonly dir: string; readonly entries?: readonly string[] | undefined };
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string | undefined;
  /** A free one is taken unless told. */
  readonly port?: number | undefined;
  /** App settings: environment of the worker, `%X%` in bindings, names of connections. */
  readonly settings: Readonly<Record<string, string>>;
  /** The parsed file, or its path: then a change of it takes effect at once. */
  readonly hostJson: object | string;
  readonly keys: HostKeys;
  /** Directory for the host's state; without it timers forget at the end what they missed. */
  readonly data?: string | undefined;
  /** Further arguments of the worker's command line, so that a process listing shows whose it is. */
  readonly args?: readonly string[] | undefined;
  /** Those of Microsoft's host unless told. */
  readonly waits?: HostWaits | undefined;
  readonly extensions?: readonly ExtensionFactory[] | undefined;
  /** Lines are `INVOKE <function>`. */
  readonly faults?: Faults | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly log?: Log | undefined;
  /** Told a worker's process id, and undefined when it has ended. */
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
  /** Kills the worker processes, as kill -9 would: for tests of what that does. */
  crash(): void;
}

const bodyLimit = 104_857_600;

/**
 * Starts the host and its app. Requests that come before it is ready wait.
 * Errors: `app_load_failed`, `state_*` of the timers' file, the system's when the port cannot be had. An invalid host.json
 * is a state of the host (`Error`: routes answer 503), wrong bindings one of their function.
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { keys, clock = systemClock, host = '127.0.0.1', data, waits = realWaits } = options;
  const settings = new AppSettings(options.settings);
  const file = new HostFile(options.hostJson, availableParallelism());
  const startedAt = clock.monotonic();
  const stopping = new AbortController();
  if (data !== undefined) mkdirSync(data, { recursive: true });

  let state: HostState = 'Starting';
  let drainState: DrainState = 'Disabled';
  let errors: readonly string[] = [];
  let ready = pending();

  // The port first: the worker must know its own address, which links in answers are made of.
  const server = await listen({
    host,
    port: options.port ?? 0,
    bodyLimit,
    handle: (request) =>
      dispatch(request, {
        keys,
        ready: () => ready.promise,
        isRunning: () => state !== 'Error',
        job: () => job,
        admin: (one) => Promise.resolve(admin(one, target)),
      }),
    failed: (error) => log.write('Host.Http', 'error', messageOf(error)),
  });
  const url = `http://${host}:${server.port}`;
  const env = {
    ...process.env,
    ...workerEnvironment(options.app.dir, `${host}:${server.port}`, data),
    ...options.settings,
  };

  let log: HostLog;
  let job: JobHost;
  try {
    job = makeJob();
  } catch (error) {
    await server.close(0);
    throw error;
  }

  function makeJob(): JobHost {
    const { settings: hostSettings, errors: wrong } = file.read();
    errors = wrong;
    log = new HostLog(options.log ?? silent, hostSettings.logLevel);
    return new JobHost({
      app: options.app,
      env,
      args: options.args ?? [],
      settings,
      hostSettings,
      url,
      systemKey: keys.system,
      data,
      waits,
      faults: options.faults,
      extensions: options.extensions ?? [],
      clock,
      random: options.random ?? systemRandom,
      log,
      onWorker: options.onWorker ?? (() => {}),
      gaveUp,
    });
  }

  async function begin(): Promise<void> {
    if (errors.length === 0) await job.start();
    for (const error of errors) log.write('Host', 'error', error);
    log.write('Host', 'information', errors.length > 0 ? 'Host is in error' : 'Host started');
    if (stopping.signal.aborted) return;
    state = errors.length > 0 ? 'Error' : 'Running';
    ready.resolve();
    if (state === 'Error') void lookAgain();
  }

  /** The app again, under host.json as it is now; requests wait meanwhile. */
  async function restart(): Promise<void> {
    ready = pending();
    drainState = 'Disabled';
    try {
      await job.stop();
      if (stopping.signal.aborted) return;
      job = makeJob();
      await begin();
    } catch (error) {
      fail(messageOf(error));
    }
  }

  /** Nothing runs any more until host.json changes. */
  function fail(reason: string): void {
    errors = [reason];
    state = 'Error';
    log.write('Host', 'error', reason);
    ready.resolve();
    job.table.stopListeners().catch((error: unknown) => log.write('Host', 'error', messageOf(error)));
  }

  function gaveUp(): void {
    fail('Exceeded language worker restart retry count. Shutting down Functions Host');
  }

  // One restart after the other, however often the file changes meanwhile.
  let restarted: Promise<void> = Promise.resolve();
  const follow = (): void => {
    restarted = restarted.then(() => (stopping.signal.aborted ? undefined : restart()));
  };

  /** While host.json is invalid: in case nobody was told of its change. */
  async function lookAgain(): Promise<void> {
    const { firstMs, lastMs } = waits.invalid;
    for (let wait = firstMs; state === 'Error' && !stopping.signal.aborted; wait = Math.min(wait * 2, lastMs)) {
      await clock.sleep(wait, stopping.signal).catch(() => {}); // woken by the stop
      if (state === 'Error' && file.isChanged()) return follow();
    }
  }

  const target: AdminTarget = {
    keys,
    id: hostId(options.app.dir),
    state: () => state,
    errors: () => errors,
    uptimeMs: () => Math.round(clock.monotonic() - startedAt),
    functions: () => job.table.summaries,
    counters: () => job.invoker.counters,
    drainState: () => drainState,
    drain: () => {
      drain().catch((error: unknown) => log.write('Host', 'error', `Draining: ${messageOf(error)}`));
    },
    start: (name, invocation) => {
      const definition = job.table.definitions.find((one) => one.name.toLowerCase() === name);
      if (definition === undefined) return false;
      job.invoker.invoke(definition, invocation).catch(() => {
        // Logged by the invoker; this caller was answered 202 before.
      });
      return true;
    },
  };

  const drain = async (): Promise<void> => {
    drainState = 'InProgress';
    await job.drain();
    drainState = 'Completed';
  };
  const stop = async (): Promise<void> => {
    state = 'Stopping';
    stopping.abort();
    file.close();
    await server.close(waits.httpMs);
    await restarted;
    await job.stop();
  };

  let stopped: Promise<void> | undefined;
  const running: FunctionsHost = {
    name: 'functions',
    port: server.port,
    url,
    get state() {
      return state;
    },
    get errors() {
      return errors;
    },
    get functions() {
      return job.table.summaries;
    },
    get counters() {
      return { ...job.invoker.counters, workerRestarts: job.workers.restarts };
    },
    drain,
    crash: () => job.workers.kill(),
    stop: () => (stopped ??= stop()),
  };
  try {
    await begin();
    file.onChange(follow);
    return running;
  } catch (error) {
    ready.reject(error);
    await running.stop();
    throw error;
  }
}

/** A request may be waiting for it or not; who started the host gets the error. */
function pending(): PromiseWithResolvers<void> {
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  return ready;
}
