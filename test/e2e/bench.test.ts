// The harness itself, with sizes so small that its figures say nothing: every work is done and verified, and leaves a line.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resultShape, runShape } from '../../bench/results.ts';
import { processesOf } from './support/processes.ts';

const root = path.join(import.meta.dirname, '../..');
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-bench-e2e-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function bench(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  main = 'bench/main.ts',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { NODE_OPTIONS: _jest, JEST_WORKER_ID: _worker, ...own } = process.env;
  const child = spawn(process.execPath, [path.join(root, main), ...args], { env: { ...own, ...env } });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...out };
}

const small = [
  '--files',
  '30',
  '--size',
  '64KiB',
  '--idle-files',
  '20',
  '--idle-seconds',
  '1',
  '--samples',
  '2',
  '--rest',
  '0',
];
// The same as `bulk`, with another hub to start, is left out.
const works = ['floor', 'bulk', 'small', 'rename', 'delete', 'announced', 'large', 'patch', 'idle'];

test('every work leaves its figures, and nothing of what ran', async () => {
  const { code, stdout, stderr } = await bench([...works, '--json', '--keep', '--rounds', '1', '--dir', dir, ...small]);
  expect({ code, failed: code === 0 ? '' : stderr }).toEqual({ code: 0, failed: '' });
  const [first, ...lines] = stdout.trim().split('\n');
  expect(runShape.parse(JSON.parse(first ?? '')).versions['tideway']).toMatch(/^Tideway \d/);
  const results = lines.map((line) => resultShape.parse(JSON.parse(line)));
  const names = Object.fromEntries(
    results.map(({ work, figures }) => [work, Object.keys(figures).filter((name) => name !== 'lateSeconds')]),
  );
  const used = ['cpuSeconds', 'peakMiB', 'foreignCores'];
  expect(names).toEqual({
    floor: ['cp', 'requests', 'officialClient', 'sha256sum', 'cpLarge'],
    bulk: ['seconds', 'copySeconds', ...used],
    small: ['p50', 'p95', ...used],
    rename: ['seconds', ...used],
    delete: ['seconds', 'rmSeconds', ...used],
    announced: ['seconds', 'editSeconds', ...used],
    large: ['seconds', 'megabytesPerSecond', ...used],
    patch: ['seconds', ...used],
    idle: ['cpuSecondsPerMinute', 'memoryMiB', 'memoryMiBPerSite', 'restartSeconds', 'foreignCores'],
  });
  const bulk = results.find(({ work }) => work === 'bulk')?.figures ?? {};
  expect(bulk['seconds']).toBeGreaterThan(0);
  expect(bulk['peakMiB']).toBeGreaterThan(10);
  expect(processesOf(dir)).toEqual([]);
  const shown = await bench(['--markdown', '--from', path.join(dir, 'results.jsonl')]);
  expect(shown.stdout).toContain('| 30 files of 4 KiB, to one site, s |');
}, 300_000);

test('a profile of each process, and where its time went', async () => {
  const { code, stdout, stderr } = await bench(['bulk', '--profile', '--dir', path.join(dir, 'profiled'), ...small]);
  expect({ code, failed: code === 0 ? '' : stderr }).toEqual({ code: 0, failed: '' });
  const left = readdirSync(path.join(dir, 'profiled/profiles/bulk'));
  expect(left).toEqual(['agent-a', 'agent-b', 'functions', 'hub'].map((name) => `${name}.cpuprofile`));
  expect(stdout).toMatch(/hub: worked \d+\.\d+ of/);
}, 200_000);

test('of very many files, here very few: each phase, and every figure', async () => {
  const at = path.join(dir, 'scale');
  const args = ['--files', '60', '--sample', '0.2', '--rescans', '1', '--dir', at, '--keep'];
  const { code, stdout, stderr } = await bench(args, {}, 'bench/scale/main.ts');
  expect({ code, failed: code === 0 ? '' : stderr }).toEqual({ code: 0, failed: '' });
  for (const phase of ['first scan', 'first sync', 'rest', 'restart']) expect(stdout).toContain(`\n| ${phase} | `);
  const figures = ['first scan, s', 'first sync, s', 'rescan 1, objects/s', 'restart until a change is there, s'];
  for (const figure of figures) expect(stdout).toMatch(new RegExp(`\\| ${figure} \\| [\\d.,]+ \\|`));
  expect(stdout).toMatch(/\n\| restart \| [\d.]+ \| 61 \| 61 \|/);
  expect(processesOf(at)).toEqual([]);
}, 200_000);

test('a system that is not there is said, and what was made is gone at the end', async () => {
  // A machine with nothing but what the floor takes.
  const tools = path.join(dir, 'tools');
  mkdirSync(tools);
  for (const tool of ['cp', 'find', 'findmnt', 'git', 'sha256sum', 'sh']) {
    const places = (process.env['PATH'] ?? '').split(':').map((place) => path.join(place, tool));
    const found = places.find((place) => existsSync(place));
    if (found !== undefined) symlinkSync(found, path.join(tools, tool));
  }
  const gone = path.join(dir, 'gone');
  const args = ['floor', '--peers', '--only', 'syncthing', '--rounds', '1', '--dir', gone, ...small];
  const { code, stdout, stderr } = await bench(args, { PATH: tools });
  expect({ code, failed: code === 0 ? '' : stderr }).toEqual({ code: 0, failed: '' });
  expect(stdout).toContain('Not measured: syncthing (spawn syncthing ENOENT; npm run bench:peers installs it).');
  expect(existsSync(gone)).toBe(false);
}, 60_000);
