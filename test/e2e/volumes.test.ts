// The disk of a site on a bad day (I6, I16): not mounted, gone in the middle, full. Needs root, for a disk of its own.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeDisk, noDisk, whyNoDisk, type Disk } from '../support/disk.ts';
import { filesBelow } from './support/files.ts';
import { settled } from './support/settled.ts';
import { until } from './support/wait.ts';
import { Workspace, type GroupStatus } from './support/workspace.ts';

const MiB = 1024 * 1024;
let space: Workspace;
let disk: Disk;

beforeEach(() => {
  space = new Workspace('a');
  disk = makeDisk(space.dir, 64 * MiB);
  rmSync(path.join(disk.mountPoint, 'lost+found'), { recursive: true });
  space.place('b', disk.mountPoint);
});

afterEach(async () => {
  try {
    await space.stopped();
  } finally {
    if (isMounted()) disk.unmount();
    await space.dispose();
  }
}, 40_000);

function isMounted(): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').includes(` ${disk.mountPoint} `);
}

function makeFiles(dir: string, count: number): void {
  mkdirSync(path.join(space.site('a'), dir));
  for (let index = 0; index < count; index++)
    writeFileSync(path.join(space.site('a'), dir, `file-${index}`), `${dir} ${index} `.repeat(50));
}

/** Resolves with its status once b has halted; who waits for sync is told so, too. */
async function halted(): Promise<GroupStatus['endpoints'][number]> {
  return until('b to halt', 60_000, async () => {
    await space.run('status', '--wait', '--timeout', '2');
    const endpoint = (await space.status()).endpoints.find(({ server }) => server === 'b');
    return endpoint?.state === 'halted' && endpoint;
  });
}

(noDisk === undefined ? describe : describe.skip)(`the disk of a site${whyNoDisk}`, () => {
  test('that is not mounted at the start: nothing is deleted, nothing is written below its mount point', async () => {
    const first = await space.up('a', 'b');
    makeFiles('before', 50);
    await settled(space, ['a', 'b'], { seconds: 120 });
    await first.stop();
    disk.unmount();
    await space.up();
    expect((await halted()).halt?.code).toBe('root_emptied');
    makeFiles('meanwhile', 20);
    await until('a to send what is new', 30_000, async () => (await space.status()).committedSeq > 70);
    expect(readdirSync(disk.mountPoint).filter((name) => name !== '.tideway')).toEqual([]);
    expect(filesBelow(space.site('a'))).toHaveLength(70);
    disk.mount();
    expect((await space.run('endpoint', 'resume', 'b')).code).toBe(0);
    expect((await settled(space, ['a', 'b'], { seconds: 120 })).size).toBe(72);
  }, 300_000);

  test('that goes away while files arrive: all stops, and goes on when it is back', async () => {
    await space.up('a', 'b');
    await space.inSync();
    makeFiles('many', 1500);
    await until('some of them at b', 30_000, () => {
      const there = path.join(disk.mountPoint, 'many');
      return existsSync(there) && readdirSync(there).length > 100;
    });
    disk.unmount();
    await halted();
    expect(readdirSync(disk.mountPoint)).toEqual([]);
    disk.mount();
    expect((await space.run('endpoint', 'resume', 'b')).code).toBe(0);
    expect((await settled(space, ['a', 'b'], { seconds: 120 })).size).toBe(1501);
  }, 300_000);

  test('that is full: what fits arrives, the rest is a problem until there is room, and nothing is cut off', async () => {
    await space.up('a', 'b');
    const [big, small, room] = ['big.bin', 'small.txt', 'room.bin'].map((name) => path.join(space.site('a'), name));
    if (big === undefined || small === undefined || room === undefined) throw new Error('three names');
    writeFileSync(room, Buffer.alloc(40 * MiB, 1));
    await settled(space, ['a', 'b'], { seconds: 120 });
    writeFileSync(big, Buffer.alloc(30 * MiB, 2));
    const problem = await until('the problem', 60_000, async () =>
      (await space.status()).endpoints.flatMap(({ problems }) => problems).find(({ path: at }) => at === 'big.bin'),
    );
    expect(problem.code).toBe('disk_full');
    writeFileSync(small, 'fits');
    await until('the small one', 30_000, () => existsSync(path.join(disk.mountPoint, 'small.txt')));
    expect(existsSync(path.join(disk.mountPoint, 'big.bin'))).toBe(false);
    rmSync(room);
    expect((await settled(space, ['a', 'b'], { seconds: 120 })).size).toBe(2);
  }, 300_000);
});
