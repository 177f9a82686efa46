// How long a small file takes from its close at one site to its presence at the other: printed, and held to a bound that
// only a wait for a timer would break. Figures to be compared with others come from `npm run bench`.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const boundMs = 1500;
let space: Workspace;
let readyMs: number;

beforeAll(async () => {
  space = new Workspace('a', 'b');
  ({ readyMs } = await space.up('a', 'b'));
}, 60_000);

afterAll(() => space.dispose(), 30_000);

test('a small file is at the other site in a moment', async () => {
  const took: number[] = [];
  for (let index = 0; index < 30; index++) {
    const name = `file-${index}.txt`;
    const there = path.join(space.site('b'), name);
    writeFileSync(path.join(space.site('a'), name), `content ${index}`);
    const began = performance.now();
    await until(name, 10_000, () => (statSync(there, { throwIfNoEntry: false })?.size ?? 0) > 0);
    took.push(performance.now() - began);
    expect(readFileSync(there, 'utf8')).toBe(`content ${index}`);
  }
  const sorted = took.toSorted((a, b) => a - b).map(Math.round);
  const median = sorted[15] ?? Infinity;
  process.stdout.write(`ready after ${Math.round(readyMs)} ms; small file p50 ${median} ms, p95 ${sorted[28]} ms\n`);
  expect(median).toBeLessThan(boundMs);
}, 60_000);

test('a file that is deleted is gone there in a moment', async () => {
  const took: number[] = [];
  mkdirSync(path.join(space.site('a'), 'dir'));
  for (let index = 0; index < 10; index++) writeFileSync(path.join(space.site('a'), 'dir', `${index}`), `${index}`);
  await space.inSync();
  for (let index = 0; index < 10; index++) {
    const there = path.join(space.site('b'), 'dir', `${index}`);
    rmSync(path.join(space.site('a'), 'dir', `${index}`));
    const began = performance.now();
    await until(`${index} to be gone`, 10_000, () => !existsSync(there));
    took.push(performance.now() - began);
  }
  const sorted = took.toSorted((a, b) => a - b).map(Math.round);
  const median = sorted[5] ?? Infinity;
  process.stdout.write(`delete of a file p50 ${median} ms, slowest ${sorted.at(-1)} ms\n`);
  expect(median).toBeLessThan(boundMs);
}, 60_000);
