// One agent process: started, restarted when it dies (0.3 s, doubling to 30 s), asked over its channel.
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidewayError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { hello, reply, type Ask } from '../../agent/process/channel.ts';

const firstRestartMs = 300;
const lastRestartMs = 30_000;
/** Up for this long means: the next restart is quick again. */
const soundMs = 60_000;
const stopMs = 6_000;

/**
 * Young garbage is collected before it grows to what V8 would allow: that is most of what an idle agent would hold. On the
 * main thread: the heap is too small for helpers to be worth waking, where every process has a few of them.
 */
const lean = ['--max-semi-space-size=8', '--single-threaded-gc'];

function environment(args: readonly string[]): NodeJS.ProcessEnv {
  const at = args.indexOf('--data');
  const data = at < 0 ? undefined : args[at + 1];
  return {
    // Calls of the file system wait for a disk, not for a processor: four threads would wait together for one flush.
    UV_THREADPOOL_SIZE: '12',
    // Each of them would keep a heap of its own.
    MALLOC_ARENA_MAX: '2',
    // Sources compiled once, here unless somebody has a place: the compiler itself, with its memory, is not even loaded at
    // the next start.
    ...(data === undefined || process.env['NODE_COMPILE_CACHE'] !== undefined
      ? {}
      : { NODE_COMPILE_CACHE: path.join(data, 'cache') }),
  };
}

export interface ChildOptions {
  readonly site: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly log: Log;
  onPid(pid: number | undefined): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #stopping = false;
  #restarting = false;
  readonly #stop = new AbortController();
  #restarts = 0;
  #running: Promise<void> = Promise.resolve();
  readonly #onTried: (() => void)[] = [];

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the agent is up; rejects with its own error when it cannot be (a wrong root, a corrupt state). */
  async start(): Promise<void> {
    const { ended } = await this.#launch();
    this.#running = this.#supervise(ended);
  }

  /** Resolves once the agent has said that it is up; `ended` resolves with the process. */
  async #launch(): Promise<{ ended: Promise<void> }> {
    const { script, args, site } = this.#options;
    const onPid = (pid: number | undefined): void => this.#options.onPid(pid);
    const child = fork(script, [...args], {
      serialization: 'advanced',
      env: { ...process.env, ...environment(args), ...this.#options.env },
      execArgv: [...process.execArgv, ...lean],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    onPid(child.pid);
    const ended = new Promise<void>((resolve) =>
      child.once('exit', (code, signal) => {
        this.#process = undefined;
        onPid(undefined);
        const error = new TidewayError('agent_down', `the agent of ${site} ended (${signal ?? code})`, {
          hint: 'It is started again by itself; its log says why it ended.',
        });
        for (const waiting of this.#waiting.values()) waiting.reject(error);
        this.#waiting.clear();
        resolve();
      }),
    );
    const up = new Promise<void>((resolve, reject) => {
      child.on('message', (message) => {
        const first = hello.safeParse(message);
        if (!first.success) return this.#answered(message);
        const { error } = first.data;
        if (error === undefined) return resolve();
        reject(new TidewayError(error.code, error.message, { path: error.path, hint: error.hint }));
      });
    });
    const died = ended.then(() => {
      throw new TidewayError('agent_down', `the agent of ${site} ended at its start`, { hint: 'Its log says why.' });
    });
    await Promise.race([up, died]);
    died.catch(() => undefined); // from now on #supervise looks after its end
    return { ended };
  }

  async #supervise(first: Promise<void>): Promise<void> {
    let wait = firstRestartMs;
    let started = performance.now();
    for (let ended: Promise<void> | undefined = first; ;) {
      await ended;
      if (this.#stopping) return;
      if (this.#restarting || performance.now() - started > soundMs) wait = firstRestartMs;
      if (!this.#restarting) {
        this.#options.log.warn('agent_restarting', { site: this.#options.site, inMs: wait });
        await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        wait = Math.min(wait * 2, lastRestartMs);
        if (this.#stopping) return;
      }
      this.#restarting = false;
      this.#restarts++;
      started = performance.now();
      try {
        ({ ended } = await this.#launch());
      } catch (error) {
        this.#options.log.error('agent_not_started', { site: this.#options.site, error });
        ended = undefined;
      }
      this.#tell();
    }
  }

  #answered(message: unknown): void {
    const parsed = reply.safeParse(message);
    if (!parsed.success) return;
    const { id, value, error } = parsed.data;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new TidewayError(error.code, error.message, { hint: error.hint }));
  }

  /** Rejects with `agent_down` while the process is not there. */
  ask(what: Omit<Ask, 'id'>): Promise<unknown> {
    const child = this.#process;
    if (child?.connected !== true)
      return Promise.reject(new TidewayError('agent_down', `the agent of ${this.#options.site} is not running`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // It may be dying: what cannot be sent is answered by its end, or here when that came first.
      child.send({ ...what, id }, (error) => {
        if (error === null || !this.#waiting.delete(id)) return;
        reject(new TidewayError('agent_down', `the agent of ${this.#options.site} is ending`, { cause: error }));
      });
    });
  }

  /** Ends it and starts it again at once, on its root as that is now. Resolves when it is up, or could not be. */
  async restart(): Promise<void> {
    const child = this.#process;
    if (child === undefined || this.#stopping) return;
    this.#restarting = true;
    const tried = new Promise<void>((resolve) => this.#onTried.push(resolve));
    await this.#end(child);
    await tried;
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stop.abort();
    const child = this.#process;
    if (child !== undefined) await this.#end(child);
    await this.#running;
    this.#tell();
  }

  async #end(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(late);
  }

  #tell(): void {
    for (const resolve of this.#onTried.splice(0)) resolve();
  }
}
