import { type ChildProcess, fork } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { TidewayError } from '../../base/errors.ts';
import type { HostLog } from './host-log.ts';
import type { HostWaits } from './waits.ts';
import type {
  FunctionMetadata,
  HostMessage,
  InvocationRequest,
  InvocationResponse,
  RpcException,
  WorkerMessage,
} from './rpc.ts';

export interface WorkerOptions {
  readonly dir: string;
  readonly entries: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly log: HostLog;
  readonly onWorker: (pid: number | undefined) => void;
  readonly waits: Pick<HostWaits, 'restart' | 'failedStarts'>;
  /** So many restarts in a row have failed that no further one is tried. */
  readonly gaveUp: () => void;
}

/** An invocation failed: the function threw, its process ended, or it ran out of time. */
export class FunctionError extends Error {
  readonly exception: RpcException;

  constructor(exception: RpcException) {
    super(exception.message);
    this.name = 'FunctionError';
    this.exception = exception;
  }
}

/** A worker that lived this long was healthy: the next restart is quick again. */
const healthyAfter = 60_000;

interface Pending {
  readonly resolve: (response: InvocationResponse) => void;
  readonly reject: (error: Error) => void;
}

/**
 * What came and went with a burst of work would else stay in its memory: most of what 10,000 starts leave behind. Collected
 * on the main thread: helpers of every process, woken for a few milliseconds, cost more than they take off it.
 */
const lean = ['--max-semi-space-size=16', '--single-threaded-gc'];

/**
 * The process the app runs in. When it ends unasked, what it was running fails, and a new one starts soon, later and later
 * while it keeps crashing; invocations asked for meanwhile wait for it.
 */
export class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #ready: Promise<ChildProcess> | undefined;
  #delay: number;
  restarts = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#delay = options.waits.restart.firstMs;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the first process. Errors: `app_load_failed`. */
  async start(): Promise<readonly FunctionMetadata[]> {
    const { child, functions } = await this.#spawn();
    this.#ready = Promise.resolve(child);
    return functions;
  }

  async invoke(request: InvocationRequest): Promise<InvocationResponse> {
    const child = await this.#ready;
    if (this.#stopping.signal.aborted)
      throw new FunctionError({ message: 'The host is stopping.', stackTrace: '', source: 'host' });
    if (child === undefined) throw new Error('broken invariant: invocation before the worker was started');
    return new Promise((resolve, reject) => {
      this.#pending.set(request.invocationId, { resolve, reject });
      send(child, { type: 'invoke', request });
    });
  }

  /** Ends the process, and with it everything it runs; a new one follows as after a crash. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Ends the process for good: what runs or waits for it fails. */
  end(): void {
    this.#stopping.abort();
    this.#child?.kill('SIGKILL');
  }

  /** Lets the app's terminate hooks run, for at most `graceMs`. Nothing may be in flight. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    send(child, { type: 'terminate' });
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  }

  #spawn(): Promise<{ child: ChildProcess; functions: readonly FunctionMetadata[] }> {
    const { dir, entries, env, args, clock, onWorker } = this.#options;
    const child = fork(join(import.meta.dirname, 'worker/main.ts'), args, {
      cwd: dir,
      env: { ...env },
      execArgv: lean,
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const bornAt = clock.monotonic();
    this.#child = child;
    this.#console(child.stdout, 'information');
    this.#console(child.stderr, 'error');
    onWorker(child.pid);
    return new Promise((resolve, reject) => {
      let started = false;
      child.on('message', (message: WorkerMessage) => {
        if (message.type === 'started') {
          started = true;
          resolve({ child, functions: message.functions });
        } else if (message.type === 'unstartable') {
          reject(loadError(dir, message.exception));
          child.kill('SIGKILL');
        } else this.#receive(message);
      });
      child.once('error', (error) => reject(error));
      child.once('exit', (code, signal) => {
        // A signal counts as a shell counts it.
        const reason = `node exited with code ${code ?? 128 + (signal === null ? 0 : constants.signals[signal])}`;
        this.#child = undefined;
        onWorker(undefined);
        reject(new TidewayError('app_load_failed', `${reason} while the app was loading`, { path: dir }));
        if (!this.#stopping.signal.aborted) {
          this.#options.log.write('Host', 'error', reason);
          if (started) this.#restart(clock.monotonic() - bornAt);
        }
        this.#failAll(reason);
      });
      send(child, { type: 'start', dir, entries });
    });
  }

  #restart(lived: number): void {
    const { clock, log, waits, gaveUp } = this.#options;
    const { firstMs, lastMs } = waits.restart;
    if (lived > healthyAfter) this.#delay = firstMs;
    const { signal } = this.#stopping;
    const attempt = async (): Promise<ChildProcess> => {
      for (let failed = 0; failed < waits.failedStarts; failed++) {
        const delay = this.#delay;
        this.#delay = Math.min(delay * 2, lastMs);
        await clock.sleep(delay, signal);
        this.restarts++;
        try {
          return (await this.#spawn()).child;
        } catch (error) {
          log.write('Host', 'error', `The worker could not be started: ${String(error)}`);
        }
      }
      gaveUp();
      throw new FunctionError({ message: 'Exceeded language worker restart retry count.', stackTrace: '', source: '' });
    };
    this.#ready = attempt();
    // Whoever waits for it sees the rejection; with nobody waiting it only says that the host is stopping.
    this.#ready.catch(() => {});
  }

  #receive(message: WorkerMessage): void {
    if (message.type === 'log') {
      this.#options.log.write(message.category, message.level, message.message, message.invocationId);
      return;
    }
    if (message.type !== 'succeeded' && message.type !== 'failed') return;
    const pending = this.#pending.get(message.invocationId);
    this.#pending.delete(message.invocationId);
    if (message.type === 'succeeded') pending?.resolve(message.response);
    else pending?.reject(new FunctionError(message.exception));
  }

  #failAll(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new FunctionError({ message: reason, stackTrace: '', source: 'node' }));
  }

  #console(stream: Readable | null, level: 'information' | 'error'): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) =>
      this.#options.log.write('Host.Function.Console', level, line),
    );
  }
}

function send(child: ChildProcess, message: HostMessage): void {
  // A process that is gone answers through its exit event, which fails what it was asked.
  child.send(message, () => {});
}

function loadError(dir: string, { message, stackTrace }: RpcException): TidewayError {
  return new TidewayError('app_load_failed', `The app in ${dir} could not be loaded: ${message}`, {
    path: dir,
    hint: 'Correct what the message says; the stack is in the cause.',
    cause: stackTrace,
  });
}
