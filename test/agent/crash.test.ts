// Killed at any call, with power or without: the next start finds its way. Every later call of a killed agent fails, and
// the next one gets the state file as it was on disk at that moment.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { crash } from '../../lib/agent/fs/memory-crash.ts';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import { seededRandom } from '../../lib/base/random.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let dir: string;
let sites: TestSite[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-crash-'));
  sites = [];
});

afterEach(async () => {
  for (const site of sites) await site.agent?.stop();
  rmSync(dir, { recursive: true });
});

const expected = new Map<string, string | null>([
  ['d', null],
  ['d/1', 'paris edits'],
  ['d/e', null],
  ['d/e/3', 'first 3'],
  ['mine', null],
  ['mine/4', 'tokyo edits'],
  ['mine/x', 'x'],
  ['new', null],
  ['new/file', 'new'],
]);

/**
 * Work of all kinds at both sides while tokyo is down; then tokyo starts and is killed at its `at`-th call of file system
 * or backend, and starts again. Answers whether it lived that long.
 */
async function killedAt(at: number, power: boolean): Promise<boolean> {
  const cloud = new FakeCloud();
  const paris = new TestSite(cloud, 'paris');
  const tokyo = new TestSite(cloud, 'tokyo');
  sites = [paris, tokyo];
  const state = join(dir, `${at}.db`);
  paris.user.mkdirp('d/e');
  for (const name of ['1', '2', '3', '4']) paris.user.writeFile(`d/${name}`, `first ${name}`);
  paris.user.mkdirp('gone/below');
  for (const name of ['gone/1', 'gone/below/2']) paris.user.writeFile(name, name);
  await paris.start();
  await tokyo.start({ stateFile: state });
  await converge(cloud, paris, tokyo);
  await tokyo.agent!.stop();

  paris.user.writeFile('d/1', 'paris edits');
  paris.user.rm('d/2');
  paris.user.rm('gone');
  paris.user.rename('d/3', 'd/e/3');
  paris.user.mkdirp('new');
  paris.user.writeFile('new/file', 'new');
  await converge(cloud, paris);
  tokyo.user.mkdirp('mine');
  tokyo.user.writeFile('mine/x', 'x');
  tokyo.user.rename('d/4', 'mine/4');
  tokyo.user.writeFile('mine/4', 'tokyo edits');
  await tokyo.volume.sync();

  let calls = 0;
  const copy = join(dir, `${at}-copy.db`);
  let dead = false;
  let after = tokyo.volume;
  const step = (call: string): void => {
    if (!dead && ++calls === at) {
      dead = true;
      for (const tail of ['', '-wal']) if (existsSync(state + tail)) copyFileSync(state + tail, copy + tail);
      if (!power) after = crash(tokyo.volume, seededRandom(at));
    }
    if (dead) throw new Error(`killed at ${call}`);
  };
  const fs = new MemoryFs(tokyo.volume.volume);
  fs.before = step;
  cloud.hook = (call) => {
    if (call.startsWith('tokyo')) step(call);
  };
  await tokyo.start({ stateFile: state, fs });
  await until('killed or idle', () => dead || tokyo.agent!.status().state === 'idle');
  await tokyo.agent!.stop();
  cloud.hook = () => {};
  tokyo.volume = after;

  await tokyo.start({ stateFile: dead ? copy : state });
  await converge(cloud, paris, tokyo);
  expect([at, tokyo.tree()]).toEqual([at, expected]);
  for (const aside of ['.tideway/replaced', '.tideway/removed'])
    await until(`nothing is in ${aside}`, () => tokyo.user.snapshot(aside).size === 0);
  expect([at, [...tokyo.user.snapshot('.tideway/tmp').keys()]]).toEqual([at, []]);
  await paris.agent!.stop();
  await tokyo.agent!.stop();
  return dead;
}

// Every call in turn takes a minute or two (CRASH_STEP=1 CRASH_FIRST=1); a normal run takes a sample.
const step = Number(process.env['CRASH_STEP'] ?? 13);
const first = Number(process.env['CRASH_FIRST'] ?? 5);

describe('killed at a call and started again: all is there, nothing twice', () => {
  for (const power of [true, false])
    test(`${power ? 'with' : 'without'} power, every ${step}. call from ${first} (CRASH_STEP, CRASH_FIRST)`, async () => {
      let at = first;
      while (await killedAt(at, power)) at += step;
      expect(at).toBeGreaterThan(100);
    }, 300_000);
});
