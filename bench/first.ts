// `npm run bench:first`: the first figures a newcomer asks for, of this machine as it is now. Medians of five runs, and
// beside the bulk copy its floor in the same run: the same number of create-with-content, rename and read requests,
// kept alive, against a server that does nothing but keep the bytes.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { files: { type: 'string', default: '10000' }, runs: { type: 'string', default: '5' } },
});
const count = Number(values.files);
const runs = Number(values.runs);
const bytes = 4096;
const perDirectory = 500;

interface Hub {
  readonly child: ChildProcess;
  readonly a: string;
  readonly b: string;
  readonly readyMs: number;
}

async function startHub(dir: string): Promise<Hub> {
  const [data, a, b] = [path.join(dir, 'data'), path.join(dir, 'a'), path.join(dir, 'b')];
  for (const site of [a, b]) mkdirSync(site);
  const began = performance.now();
  const args = ['up', '--data', data, '--site', `a=${a}`, '--site', `b=${b}`];
  const child = spawn(path.join(root, 'bin/tideway'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.toString().startsWith('ready ') && resolve());
    child.once('exit', (code) => reject(new Error(`tideway up ended with ${code}`)));
  });
  return { child, a, b, readyMs: performance.now() - began };
}

async function stopHub({ child }: Hub): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Ms from the close of a small file at A until it is at B, once each; the poll costs up to 1 ms. */
async function smallFiles({ a, b }: Hub, run: number): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < 20; index++) {
    const name = `small-${run}-${index}`;
    writeFileSync(path.join(a, name), Buffer.alloc(1000, index));
    const began = performance.now();
    while (statSync(path.join(b, name), { throwIfNoEntry: false }) === undefined) await pause(1);
    took.push(performance.now() - began);
    await pause(50);
  }
  return median(took);
}

/** Ms from the first byte written at A until all files are at B. */
async function bulk({ a, b }: Hub, run: number): Promise<number> {
  const began = performance.now();
  for (let dir = 0; dir < count / perDirectory; dir++) {
    const name = path.join(a, `bulk-${run}-${dir}`);
    mkdirSync(name);
    for (let index = 0; index < Math.min(perDirectory, count); index++)
      writeFileSync(path.join(name, `file-${index}`), Buffer.alloc(bytes, index));
    await pause(0);
  }
  const there = (): number =>
    readdirSync(b)
      .filter((name) => name.startsWith(`bulk-${run}-`))
      .reduce((sum, name) => sum + readdirSync(path.join(b, name)).length, 0);
  while (there() < Math.ceil(count / perDirectory) * Math.min(perDirectory, count)) await pause(20);
  return performance.now() - began;
}

/** Ms for as many create, rename and read requests in three waves, 32 at once. */
async function floor(): Promise<number> {
  const server = spawn(process.execPath, [path.join(root, 'bench/floor-server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) =>
    server.stdout.once('data', (line: Buffer) => resolve(Number(line.toString()))),
  );
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const call = (method: string, name: string, body?: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, agent, method, path: `/${name}` }, (response) => {
        response.on('end', resolve).resume();
      });
      request.once('error', reject).end(body);
    });
  const wave = async (each: (index: number) => Promise<void>): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) await each(next++);
    };
    await Promise.all(Array.from({ length: 32 }, lane));
  };
  const began = performance.now();
  await wave((index) => call('PUT', `staged-${index}`, Buffer.alloc(bytes, index)));
  await wave((index) => call('POST', `staged-${index}?to=file-${index}`));
  await wave((index) => call('GET', `file-${index}`));
  const took = performance.now() - began;
  agent.destroy();
  server.kill();
  return took;
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const dir = mkdtempSync(path.join(tmpdir(), 'tideway-bench-'));
try {
  const hub = await startHub(dir);
  const figures = { small: [] as number[], bulk: [] as number[], floor: [] as number[] };
  for (let run = 0; run < runs; run++) {
    figures.small.push(await smallFiles(hub, run));
    figures.bulk.push(await bulk(hub, run));
    figures.floor.push(await floor());
  }
  await stopHub(hub);
  const all = (values_: readonly number[]): string => values_.map((ms) => Math.round(ms)).join(', ');
  const seconds = (values_: readonly number[]): string => (median(values_) / 1000).toFixed(2);
  console.log(`${cpus().length} CPUs, ${cpus()[0]?.model}; medians of ${runs} runs`);
  console.log(`ready after                 ${Math.round(hub.readyMs)} ms`);
  console.log(`small file, A to B, p50     ${Math.round(median(figures.small))} ms   (${all(figures.small)})`);
  console.log(`${count} files of 4 KiB      ${seconds(figures.bulk)} s   (${all(figures.bulk)} ms)`);
  console.log(`floor of the same           ${seconds(figures.floor)} s   (${all(figures.floor)} ms)`);
  console.log(`times the floor             ${(median(figures.bulk) / median(figures.floor)).toFixed(1)}`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
