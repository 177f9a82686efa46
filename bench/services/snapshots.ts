// `node bench/services/snapshots.ts [ROUNDS]`: what a snapshot every second costs the sync of two sites that both write. In turns
// of some seconds without and with them, in one hub, so that both meet the same machine.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { sizeOf, until } from '../measure/arrival.ts';
import { percentiles, say } from './served.ts';

const command = path.join(import.meta.dirname, '../../bin/tideway');
const rounds = Number(process.argv[2] ?? 6);
const turnMs = 5_000;
const everyMs = 1_000;
const timeoutMs = 60_000;
const pauseMs = 20;
const dir = mkdtempSync(path.join(tmpdir(), 'bench-snapshots-'));
const sites = ['a', 'b'] as const;
type Site = (typeof sites)[number];
const root = (site: Site): string => path.join(dir, site);

let written = 0;

/** New small files, one after the other, each once the one before has arrived: how long each took, in ms. */
async function write(from: Site, to: Site, isOver: () => boolean): Promise<number[]> {
  const samples: number[] = [];
  while (!isOver()) {
    const name = `${from}-${written++}`;
    const began = performance.now();
    writeFileSync(path.join(root(from), name), name);
    const at = await until(name, 1, timeoutMs, () => sizeOf(path.join(root(to), name)) === name.length);
    samples.push(at - began);
    await sleep(pauseMs);
  }
  return samples;
}

interface Api {
  readonly url: string;
  readonly token: string;
}

async function ask({ url, token }: Api, method: string, rest: string, body?: unknown): Promise<{ state: string }> {
  const response = await fetch(`${url}/api/groups/default/${rest}`, {
    method,
    headers: { 'x-tideway-token': token, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${rest}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { state: string };
}

/** One a second, from now until it is over; answers their orders. */
async function takeSnapshots(api: Api, isOver: () => boolean): Promise<readonly string[]> {
  const orders: string[] = [];
  for (let at = performance.now(); !isOver(); at += everyMs) {
    const order = `bench-${Date.now()}`;
    await ask(api, 'POST', 'snapshots', { order });
    orders.push(`demand-${order}`);
    await sleep(Math.max(0, at + everyMs - performance.now()));
  }
  return orders;
}

async function turn(api: Api | undefined): Promise<number[]> {
  const end = performance.now() + turnMs;
  const isOver = (): boolean => performance.now() >= end;
  const [ab, ba, orders] = await Promise.all([
    write('a', 'b', isOver),
    write('b', 'a', isOver),
    api === undefined ? [] : takeSnapshots(api, isOver),
  ]);
  // The next turn meets none of them.
  for (const order of orders) while (api !== undefined && (await isOpen(api, order))) await sleep(50);
  return [...ab, ...ba];
}

async function isOpen(api: Api, order: string): Promise<boolean> {
  const { state } = await ask(api, 'GET', `orders/${order}`);
  if (state === 'rejected') throw new Error(`${order} was refused`);
  return state === 'open';
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

for (const site of sites) mkdirSync(root(site));
const data = path.join(dir, 'data');
const hub = spawn(command, ['up', '--data', data, ...sites.flatMap((site) => ['--site', `${site}=${root(site)}`])], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
for await (const line of createInterface(hub.stdout)) if (line.startsWith('ready ')) break;
const env = JSON.parse(execFileSync(command, ['env', '--json', '--data', data], { encoding: 'utf8' })) as {
  readonly TIDEWAY_API: string;
  readonly TIDEWAY_TOKEN: string;
};
const api: Api = { url: env.TIDEWAY_API, token: env.TIDEWAY_TOKEN };
await turn(api);
const without: number[] = [];
const withThem: number[] = [];
for (let round = 0; round < rounds; round++) {
  // Each first in every other round.
  if (round % 2 === 0) without.push(...(await turn(undefined)));
  withThem.push(...(await turn(api)));
  if (round % 2 === 1) without.push(...(await turn(undefined)));
}
say(`without, ${without.length} files: p50/p95/p99/worst`, `${percentiles(without)} ms`);
say(`a snapshot a second, ${withThem.length} files`, `${percentiles(withThem)} ms`);
say('median with them, in medians without', (median(withThem) / median(without)).toFixed(2));
hub.kill('SIGTERM');
await once(hub, 'exit');
rmSync(dir, { recursive: true });
