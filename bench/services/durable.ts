// `node bench/services/durable.ts`: how fast orchestrations go, and what instances cost that only wait. Each figure is of this
// process (the host with its task hub, state on disk) and its worker; the wait is read from outside, by the HTTP API.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFunctionsHost } from '../../lib/local/functions-host/host.ts';

const waiting = 10_000;
const say = (what: string, value: string): void => void process.stdout.write(`${what.padEnd(52)} ${value}\n`);

const [, , mode, dir = mkdtempSync(path.join(tmpdir(), 'bench-durable-'))] = process.argv;
if (mode === 'serve') await serve(dir);
else await measure();

/** The host alone in its process; it tells its address and its worker's process id, and ends with its parent. */
async function serve(data: string): Promise<void> {
  let worker = 0;
  const host = await startFunctionsHost({
    app: { dir: import.meta.dirname, entries: ['durable-app.ts'] },
    settings: {},
    hostJson: { version: '2.0', logging: { logLevel: { default: 'Warning' } } },
    keys: { master: 'm', function: 'f', system: 's' },
    data,
    onWorker: (pid) => (worker = pid ?? 0),
  });
  process.stdout.write(`${host.url} ${worker}\n`);
  process.stdin.resume().once('end', () => process.exit(0));
}

interface Served {
  readonly url: string;
  readonly pids: readonly number[];
  kill(): Promise<void>;
}

async function spawnHost(): Promise<Served> {
  // As bin/tideway starts a hub.
  const flags = ['--max-semi-space-size=16'];
  const child = spawn(process.execPath, [...flags, import.meta.filename, 'serve', dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const [url = '', worker] = String((await lines.next()).value).split(' ');
  return {
    url: `${url}/runtime/webhooks/durabletask`,
    pids: [child.pid ?? 0, Number(worker)],
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function start({ url }: Served, name: string, id: string, input: unknown): Promise<void> {
  const body = JSON.stringify(input);
  const response = await fetch(`${url}/orchestrators/${name}/${id}?code=s`, { method: 'POST', body });
  if (response.status !== 202) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

async function end({ url }: Served, id: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/instances/${id}?code=s`);
    const { runtimeStatus, output } = (await response.json()) as { runtimeStatus: string; output: unknown };
    if (runtimeStatus === 'Completed') return;
    if (runtimeStatus === 'Failed') throw new Error(String(output));
    await sleep(2);
  }
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function run(host: Served, name: string, id: string, input: unknown): Promise<void> {
  await start(host, name, id, input);
  await end(host, id);
}

/** Resident, in MiB, of host and worker. */
function memory({ pids }: Served): readonly number[] {
  return pids.map((pid) => {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(line) / 1024;
  });
}

/** Seconds that host and worker have used so far. */
function cpu({ pids }: Served): string {
  const seconds = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  });
  return `${seconds.map((one) => one.toFixed(1)).join(' + ')} s`;
}

function sayMemory(what: string, host: Served): void {
  const mib = memory(host);
  const sum = mib.reduce((a, b) => a + b);
  say(what, `${mib.map((one) => one.toFixed(0)).join(' + ')} MiB, ${sum.toFixed(0)} in all`);
}

async function isWaiting({ url }: Served): Promise<boolean> {
  const response = await fetch(`${url}/instances?code=s&runtimeStatus=Pending&top=1`);
  return ((await response.json()) as unknown[]).length === 0;
}

async function measure(): Promise<void> {
  let host = await spawnHost();
  sayMemory('resident, host and worker with nothing to do', host);
  await run(host, 'fan', 'warm', 10);
  const chains: number[] = [];
  for (let n = 0; n < 50; n++) chains.push(await took(() => run(host, 'chain', `chain-${n}`, null)));
  chains.sort((a, b) => a - b);
  say('an orchestration of one activity, p50', `${(chains[25] ?? 0).toFixed(1)} ms`);
  const together = await took(() => Promise.all(chains.map((_, n) => run(host, 'chain', `together-${n}`, null))));
  say('50 of them at once', `${together.toFixed(0)} ms`);
  for (const count of [100, 1_000]) {
    const ms = await took(() => run(host, 'fan', `fan-${count}`, count));
    say(`a fan-out to ${count} activities`, `${ms.toFixed(0)} ms, ${Math.round((count / ms) * 1000)} activities/s`);
  }
  const lanes = Array.from({ length: 40 }, async (_, lane) => {
    for (let n = lane; n < waiting; n += 40) await start(host, 'wait', `wait-${n}`, { n });
  });
  const all = await took(async () => {
    await Promise.all(lanes);
    while (!(await isWaiting(host))) await sleep(50);
  });
  say(`${waiting} starts, until all wait`, `${((waiting / all) * 1000).toFixed(0)} /s`);
  say('CPU of host and worker until then', cpu(host));
  sayMemory(`resident with ${waiting} waiting instances`, host);
  await host.kill();
  host = await spawnHost();
  sayMemory('  in a host that was started after them', host);
  await host.kill();
  rmSync(dir, { recursive: true });
}
