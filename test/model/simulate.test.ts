// The whole system, over and over, each time another day: SEED=7 repeats one, SEEDS=1..10000 takes others.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { seedsOf } from './soak.ts';

const [from, to] = seedsOf(process.env, [1, 1000]);
const atOnce = 250;
const program = join(import.meta.dirname, 'main.ts');
/** Most of what a run allocates lives for a few of its steps: in a larger nursery it is never copied. */
const flags = ['--max-semi-space-size=32'];

describe('three agents, the backend and people everywhere, through a storm', () => {
  for (let first = from; first <= to; first += atOnce) {
    const last = Math.min(first + atOnce - 1, to);
    // Outside of jest, whose sandbox makes it a fifth slower.
    test(`seeds ${first}..${last} come to rest with everything as it must be, and every tenth is the same twice`, async () => {
      const env = { ...process.env, SEEDS: `${first}..${last}` };
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { env });
      expect(stdout.trim()).toBe(`${last - first + 1} seeds, failed: none`);
    }, 600_000);
  }
});
