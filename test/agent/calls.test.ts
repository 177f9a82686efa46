// What a small file costs in calls of the file system: each is a hop to another thread and back, and with many files they
// are most of what there is to do.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadNative, type Native } from '../../lib/agent/fs/binding.ts';
import { openNativeFs } from '../../lib/agent/fs/open-site.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { watchOf } from '../../lib/agent/fs/watch.ts';
import { must } from '../../lib/base/errors.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { TestSite, until } from './rig.ts';

interface Counted {
  readonly site: TestSite;
  readonly dir: string;
  readonly fs: SiteFs;
  readonly calls: Map<string, number>;
}

let base: string;
let cloud: FakeCloud;
let sites: Counted[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'tideway-calls-'));
  cloud = new FakeCloud();
  sites = [];
  for (const name of ['paris', 'tokyo']) {
    const dir = join(base, name);
    mkdirSync(dir);
    const calls = new Map<string, number>();
    const fs = must(await openNativeFs(dir, counting(calls)), 'openat2 is allowed here');
    const site = new TestSite(cloud, name);
    await site.start({ fs, startWatch: watchOf(fs), stateFile: join(base, `${name}.db`) });
    sites.push({ site, dir, fs, calls });
  }
  for (const { site } of sites) expect(await site.agent!.settled(performance.now() + 4000)).toBe(true);
});

afterEach(async () => {
  for (const { site, fs } of sites) {
    await site.agent?.stop();
    await fs.close();
  }
  rmSync(base, { recursive: true });
});

function counting(calls: Map<string, number>): Native {
  return new Proxy(must(loadNative(), 'the addon is built'), {
    get(native, name: keyof Native) {
      const call: unknown = native[name];
      if (typeof call !== 'function' || name.startsWith('watch')) return call;
      return (...args: unknown[]): unknown => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return Reflect.apply(call, native, args);
      };
    },
  });
}

/** Calls a file at each site while `count` files come to be at the first and go to the second. */
async function perFile(
  count: number,
  make: (dir: string) => Promise<void>,
): Promise<readonly Record<string, number>[]> {
  for (const { calls } of sites) calls.clear();
  const [paris, tokyo] = sites as [Counted, Counted];
  await make(paris.dir);
  await until('all is there', () => Array.from({ length: count }, (_, i) => i).every((i) => has(tokyo.dir, i)));
  for (const { site } of sites) await until('idle', () => site.agent!.status().state === 'idle');
  return sites.map(({ calls }) => Object.fromEntries([...calls].map(([name, times]) => [name, times / count])));
}

function has(dir: string, i: number): boolean {
  try {
    return readFileSync(join(dir, `f${i}`), 'utf8') === `content ${i}`;
  } catch {
    return false;
  }
}

test('one file after another: looked at, read and flushed here; made, named, looked at and flushed there', async () => {
  const [paris, tokyo] = await perFile(10, async (dir) => {
    for (let i = 0; i < 10; i++) {
      writeFileSync(join(dir, `f${i}`), `content ${i}`);
      await until('it is there', () => has(must(sites[1], 'two sites').dir, i));
    }
  });
  for (const times of [paris?.['readWhole'], tokyo?.['writeWhole'], tokyo?.['rename']]) {
    expect(times).toBeGreaterThanOrEqual(1);
    expect(times).toBeLessThan(1.3);
  }
  // Each event of the watch may cost a look of its own, or one for several: that is not ours to say.
  expect(sum({ ...paris, details: 0 })).toBeLessThan(3);
  expect(sum({ ...tokyo, stat: 0, details: 0 })).toBeLessThan(4.5);
  expect(sum(paris) + sum(tokyo)).toBeLessThan(14);
});

test('a flood: looked at and flushed together', async () => {
  const [paris, tokyo] = await perFile(200, async (dir) => {
    // Whole before they are seen: one that is met while it is written is rightly read again.
    const made = join(base, 'made');
    mkdirSync(made);
    for (let i = 0; i < 200; i++) writeFileSync(join(made, `f${i}`), `content ${i}`);
    for (let i = 0; i < 200; i++) renameSync(join(made, `f${i}`), join(dir, `f${i}`));
  });
  for (const times of [paris?.['readWhole'], tokyo?.['writeWhole'], tokyo?.['rename']]) {
    expect(times).toBeGreaterThanOrEqual(1);
    expect(times).toBeLessThan(1.3);
  }
  expect(sum(paris)).toBeLessThan(2.5);
  expect(sum(tokyo)).toBeLessThan(4.5);
});

function sum(calls: Readonly<Record<string, number>> | undefined): number {
  return Object.values(calls ?? {}).reduce((total, times) => total + times, 0);
}
