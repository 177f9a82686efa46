// The app at work under one host.json: worker processes, functions, listeners. A changed host.json makes a new one.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Faults } from '../faults.ts';
import { Admission } from './admission.ts';
import type { AppSettings } from './app-settings.ts';
import type { ExtensionFactory, HostContext } from './extension.ts';
import { FunctionTable } from './function-table.ts';
import type { HostLog } from './host-log.ts';
import type { HostSettings } from './host-json.ts';
import { Invoker } from './invoker.ts';
import { spoiled } from './spoiled.ts';
import type { HostWaits } from './waits.ts';
import { WorkerPool } from './worker-pool.ts';

export interface JobHostOptions {
  readonly app: { readonly dir: string; readonly entries?: readonly string[] | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  readonly settings: AppSettings;
  readonly hostSettings: HostSettings;
  readonly url: string;
  readonly systemKey: string;
  readonly data: string | undefined;
  readonly waits: HostWaits;
  readonly faults: Faults | undefined;
  readonly extensions: readonly ExtensionFactory[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: HostLog;
  readonly onWorker: (pid: number | undefined) => void;
  readonly gaveUp: () => void;
}

export class JobHost {
  readonly workers: WorkerPool;
  readonly invoker: Invoker;
  readonly table: FunctionTable;
  readonly admission: Admission;
  readonly #clock: Clock;
  readonly #waits: HostWaits;

  constructor(options: JobHostOptions) {
    const { app, env, args, settings, hostSettings, waits, clock, log, onWorker, gaveUp } = options;
    this.#clock = clock;
    this.#waits = waits;
    this.admission = new Admission({
      concurrent: hostSettings.maxConcurrentRequests,
      outstanding: hostSettings.maxOutstandingRequests,
    });
    this.workers = new WorkerPool(processCount(settings), {
      dir: app.dir,
      entries: app.entries ?? [],
      env,
      args,
      clock,
      log,
      onWorker,
      waits,
      gaveUp,
    });
    this.invoker = new Invoker({
      clock,
      log,
      random: options.random,
      worker: options.faults === undefined ? this.workers : spoiled(this.workers, options.faults, clock),
      timeoutMs: hostSettings.functionTimeoutMs,
      retry: hostSettings.retry,
      inputs: (definition) => this.table.inputs(definition),
      outputs: (definition, response) => this.table.outputs(definition, response),
    });
    const context: HostContext = {
      clock,
      settings,
      hostSettings,
      log,
      url: options.url,
      systemKey: options.systemKey,
      data: options.data,
      waits,
      faults: options.faults,
      functions: () => this.table.definitions,
      invoke: (definition, invocation) => this.invoker.invoke(definition, invocation),
    };
    this.table = new FunctionTable(context, options.extensions);
  }

  /** Worker, index, routes, listeners. Errors: `app_load_failed`. */
  async start(): Promise<void> {
    this.table.index(await this.workers.start());
    await this.table.startListeners();
  }

  /** Takes nothing new but HTTP, and resolves once nothing runs. */
  async drain(): Promise<void> {
    await this.table.stopListeners();
    await this.invoker.whenIdle();
  }

  /** Listeners first, each with what it runs; then what else runs; then the processes. What is over its time is ended. */
  async stop(): Promise<void> {
    const { listenersMs, drainMs, terminateMs } = this.#waits;
    this.invoker.endRetries();
    const quiet =
      (await this.#within(listenersMs, this.table.stopListeners())) &&
      (await this.#within(drainMs, this.invoker.whenIdle()));
    if (!quiet) this.workers.end();
    await this.drain();
    await this.workers.stop(terminateMs);
    await this.table.stop();
  }

  /** Whether it came to an end in time. Rejects as the promise does. */
  async #within(ms: number, promise: Promise<void>): Promise<boolean> {
    const ended = new AbortController();
    const late = this.#clock.sleep(ms, ended.signal).then(
      () => false,
      () => true,
    );
    try {
      return await Promise.race([promise.then(() => true), late]);
    } finally {
      ended.abort();
    }
  }
}

/** As Microsoft's host reads it: one process unless told, and at most ten. */
function processCount(settings: AppSettings): number {
  const count = Number(settings.get('FUNCTIONS_WORKER_PROCESS_COUNT') ?? '1');
  return Number.isInteger(count) && count >= 1 ? Math.min(count, 10) : 1;
}
