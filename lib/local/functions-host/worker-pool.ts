import type { FunctionMetadata, InvocationRequest, InvocationResponse } from './rpc.ts';
import { WorkerProcess, type WorkerOptions } from './worker-process.ts';

/**
 * As many processes as the setting FUNCTIONS_WORKER_PROCESS_COUNT says, each with the whole app and nothing in common with
 * the others. Invocations go round: two of one function may run in two processes at once.
 */
export class WorkerPool {
  readonly #workers: readonly WorkerProcess[];
  /** Who runs what, so that a function over its time takes down its own process only. */
  readonly #running = new Map<string, WorkerProcess>();
  #turn = 0;

  constructor(count: number, options: WorkerOptions) {
    this.#workers = Array.from({ length: count }, () => new WorkerProcess(options));
  }

  get restarts(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.restarts, 0);
  }

  /** Starts all; answers what the app registered. Errors: `app_load_failed`. */
  async start(): Promise<readonly FunctionMetadata[]> {
    const [first] = await Promise.all(this.#workers.map((worker) => worker.start()));
    return first ?? [];
  }

  async invoke(request: InvocationRequest): Promise<InvocationResponse> {
    const worker = this.#workers[this.#turn++ % this.#workers.length];
    if (worker === undefined) throw new Error('broken invariant: a pool without workers');
    this.#running.set(request.invocationId, worker);
    try {
      return await worker.invoke(request);
    } finally {
      this.#running.delete(request.invocationId);
    }
  }

  /** Kills the process that runs this invocation, or, without one, all; new ones follow as after a crash. */
  kill(invocationId?: string): void {
    if (invocationId === undefined) for (const worker of this.#workers) worker.kill();
    else this.#running.get(invocationId)?.kill();
  }

  /** Ends all for good: what runs or waits fails. */
  end(): void {
    for (const worker of this.#workers) worker.end();
  }

  /** Lets the app's terminate hooks run, for at most `graceMs`. Nothing may be in flight. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(graceMs)));
  }
}
