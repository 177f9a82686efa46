// Starting, finding and ending programs.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Running } from './system.ts';

const run = promisify(execFile);
const stopMs = 10_000;

/** The first line that a program prints; rejects where it is not there. */
export async function firstLine(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(program, [...args]);
  return (stdout || stderr).split('\n')[0]?.trim() ?? '';
}

/** Runs a program to its end; rejects with what it said when it fails. */
export async function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return (await run(program, [...args], { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 })).stdout;
}

export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts programs that run until they are told to stop; their output goes to files in `logs`. */
export function startAll(logs: string, programs: readonly Program[]): Running {
  mkdirSync(logs, { recursive: true });
  const children = programs.map(({ program, args, env }) => {
    const log = openSync(path.join(logs, `${path.basename(program)}.log`), 'a');
    const child = spawn(program, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
    closeSync(log);
    // A program that cannot be started is missed by those who wait for what it does; its end counts as any other.
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
    return { child, ended };
  });
  return {
    pids: () => children.flatMap(({ child }) => (isRunning(child) && child.pid !== undefined ? [child.pid] : [])),
    stop: async () => {
      for (const { child, ended } of children.toReversed()) {
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
        await ended;
        clearTimeout(late);
      }
    },
  };
}

/** What was started does not stay when it does not come to work. */
export async function whenReady(running: Running, ready: Promise<unknown>): Promise<Running> {
  try {
    await ready;
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Ports that are free now, on loopback. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Resolves when something listens there. */
export async function listening(port: number, timeoutMs = 20_000): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; await pause(20))
    if (await accepts(port)) return;
  throw new Error(`nothing listens on port ${port}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
