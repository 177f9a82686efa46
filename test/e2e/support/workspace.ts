// One test's own world: a data directory, its sites, and the real command.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { processesOf, untilNoneRuns } from './processes.ts';
import { until } from './wait.ts';

const command = path.join(import.meta.dirname, '../../../bin/tideway');

export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface ProcessEntry {
  readonly role: string;
  readonly site?: string;
  readonly pid: number;
}

export interface Running {
  readonly pid: number;
  readonly url: string;
  /** Ms from the start of the command to its line `ready`. */
  readonly readyMs: number;
  /** SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  /** SIGKILL to the hub alone. */
  kill(): Promise<void>;
  /** Resolves when it ends, whoever ends it. */
  ended(): Promise<{ readonly code: number | null }>;
}

interface Endpoint {
  readonly server: string;
  readonly state: string;
  readonly cursor: number;
  readonly pendingUploads: number;
  readonly pendingDownloads: number;
  readonly files: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string }[];
  readonly conflicts: readonly { readonly path: string }[];
  readonly halt?: { readonly code: string; readonly message: string };
}

export interface GroupStatus {
  readonly name: string;
  readonly committedSeq: number;
  readonly endpoints: readonly Endpoint[];
}

export class Workspace {
  readonly dir: string;
  readonly data: string;
  /** What Node has compiled of the sources is shared by all tests: it is half of what the start of a process costs. */
  readonly env: Record<string, string> = {
    NODE_COMPILE_CACHE: path.join(process.env['TIDEWAY_TMP'] ?? tmpdir(), 'tideway-e2e-compiled'),
  };
  readonly #children = new Set<ChildProcess>();
  readonly #places = new Map<string, string>();

  constructor(...sites: readonly string[]) {
    this.dir = mkdtempSync(path.join(tmpdir(), 'tideway-e2e-'));
    this.data = path.join(this.dir, 'data');
    for (const name of sites) mkdirSync(this.site(name));
  }

  site(name: string): string {
    return this.#places.get(name) ?? path.join(this.dir, `site-${name}`);
  }

  /** A site at a directory that is there, and that the caller takes away. */
  place(name: string, directory: string): void {
    this.#places.set(name, directory);
  }

  /** Starts `tideway up` and waits for `ready`; rejects with what it said when it ends before. */
  async up(...sites: readonly string[]): Promise<Running> {
    const began = performance.now();
    const args = ['up', '--data', this.data, ...sites.flatMap((name) => ['--site', `${name}=${this.site(name)}`])];
    const { child, out, ended } = this.begin(...args);
    const url = await Promise.race([
      until('the line "ready"', 120_000, () => /^ready (\S+)$/m.exec(out.stdout)?.[1]),
      ended.then(({ code, stderr }) => {
        throw new Error(`tideway up ended with ${code}: ${stderr}`);
      }),
    ]);
    return {
      pid: child.pid ?? 0,
      url,
      readyMs: performance.now() - began,
      stop: async () => {
        const from = performance.now();
        child.kill('SIGTERM');
        const { code } = await ended;
        return { code, ms: performance.now() - from };
      },
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
      },
      ended: () => ended,
    };
  }

  /** Begins a command of `tideway`. */
  begin(...args: readonly string[]): {
    child: ChildProcess;
    out: { stdout: string; stderr: string };
    ended: Promise<Ran>;
  } {
    const began = performance.now();
    const child = this.#spawn(args);
    const out = collect(child);
    const ended = new Promise<Ran>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal, ...out, ms: performance.now() - began })),
    );
    return { child, out, ended };
  }

  /** Runs one command of `tideway` to its end; --data is added. */
  async run(...args: readonly string[]): Promise<Ran> {
    return this.runBare(...args, '--data', this.data);
  }

  async runBare(...args: readonly string[]): Promise<Ran> {
    const { child, out, ended } = this.begin(...args);
    // Not before its output was read to the end.
    await new Promise((resolve) => child.once('close', resolve));
    return { ...(await ended), ...out };
  }

  /** Rejects unless everything is in sync within `seconds`. */
  async inSync(seconds = 60): Promise<GroupStatus> {
    const ran = await this.run('status', '--wait', '--timeout', String(seconds), '--json');
    if (ran.code !== 0) throw new Error(`status --wait ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
    return groupOf(ran);
  }

  async status(): Promise<GroupStatus> {
    return groupOf(await this.run('status', '--json'));
  }

  processes(): readonly ProcessEntry[] {
    const text = readFileSync(path.join(this.data, 'hub.json'), 'utf8');
    return (JSON.parse(text) as { processes: readonly ProcessEntry[] }).processes;
  }

  pidOf(role: string, site?: string): number | undefined {
    return this.processes().find((entry) => entry.role === role && entry.site === site)?.pid;
  }

  /** What `tideway env` prints, by name. */
  async settings(): Promise<Record<string, string>> {
    return JSON.parse((await this.run('env', '--json')).stdout) as Record<string, string>;
  }

  /** Ends what the test left running. */
  async stopped(): Promise<void> {
    for (const child of this.#children) child.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const child of this.#children) child.kill('SIGKILL');
    }, 10_000);
    await until('the commands of the test to end', 15_000, () => this.#children.size === 0);
    clearTimeout(late);
  }

  /** The same, proves that nothing outlives its hub, and takes the files away. */
  async dispose(): Promise<void> {
    await this.stopped();
    try {
      await untilNoneRuns(this.data, 3_000);
    } finally {
      for (const pid of processesOf(this.data)) process.kill(pid, 'SIGKILL');
      if (process.env['TIDEWAY_KEEP'] === undefined) rmSync(this.dir, { recursive: true, force: true });
    }
  }

  #spawn(args: readonly string[]): ChildProcess {
    const { NODE_OPTIONS: _jest, JEST_WORKER_ID: _worker, ...env } = process.env;
    const child = spawn(command, [...args], {
      cwd: this.dir,
      env: { ...env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const out = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  return out;
}

function groupOf(ran: Ran): GroupStatus {
  const [group] = (JSON.parse(ran.stdout) as { groups: readonly GroupStatus[] }).groups;
  if (group === undefined) throw new Error(`no group in ${ran.stdout}`);
  return group;
}
