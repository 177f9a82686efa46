// No room: on the share, and on the disk of the hub, where the share, the tables and the agents' states are. Nothing is lost,
// what needs no room goes on, and all of it comes by itself when there is some.
import { ShareServiceClient } from '@azure/storage-file-share';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf } from '../../lib/base/errors.ts';
import { makeDisk, noDisk, whyNoDisk, type Disk } from '../support/disk.ts';
import { until } from './support/wait.ts';
import { Workspace, type GroupStatus } from './support/workspace.ts';

const MiB = 1024 * 1024;
let space: Workspace;

const at = (site: string, name: string): string => path.join(space.site(site), name);

async function endpointOf(site: string): Promise<GroupStatus['endpoints'][number] | undefined> {
  return (await space.status()).endpoints.find(({ server }) => server === site);
}

function isAt(site: string, name: string, text: string): boolean {
  try {
    return readFileSync(at(site, name), 'utf8') === text;
  } catch {
    return false; // not there yet
  }
}

/** Resolves once `name` is a problem of a with this code, and nothing else is. */
async function problem(name: string, code: string): Promise<void> {
  await until(`${name}: ${code}`, 60_000, async () => {
    const a = await endpointOf('a');
    return a?.problems.length === 1 && a.problems[0]?.path === name && a.problems[0].code === code;
  });
}

describe('a share over its quota', () => {
  beforeEach(() => {
    space = new Workspace('a', 'b');
  });
  afterEach(() => space.dispose(), 30_000);

  test('refuses what finds no room, and nothing else', async () => {
    await space.up('a', 'b');
    const { AZURE_STORAGE_CONNECTION_STRING: connection = '', TIDEWAY_SHARE: name = '' } = await space.settings();
    await ShareServiceClient.fromConnectionString(connection).getShareClient(name).setQuota(1);
    const huge = openSync(at('a', 'huge'), 'w');
    ftruncateSync(huge, 1100 * MiB); // a hole takes no room here, and counts there
    closeSync(huge);
    await problem('huge', 'share_full');
    writeFileSync(at('a', 'small'), 'small');
    await until('the small one', 30_000, () => isAt('b', 'small', 'small'));
    expect((await endpointOf('a'))?.state).not.toBe('offline');
    writeFileSync(at('a', 'huge'), 'not any more');
    await space.inSync();
    expect([isAt('b', 'huge', 'not any more'), (await endpointOf('a'))?.problems]).toEqual([true, []]);
  }, 120_000);
});

(noDisk === undefined ? describe : describe.skip)(`the disk of the hub${whyNoDisk}`, () => {
  let disk: Disk;

  beforeEach(() => {
    space = new Workspace('a', 'b');
    mkdirSync(space.data);
    disk = makeDisk(space.dir, 128 * MiB);
    disk.unmount();
    disk.mountAt(space.data);
  });

  afterEach(async () => {
    try {
      await space.stopped();
    } finally {
      disk.unmountAt(space.data);
      await space.dispose();
    }
  }, 40_000);

  const filler = (): string => path.join(space.data, 'filler');

  /** Takes what there is but for so many bytes. */
  function fill(leave: number): void {
    const { bavail, bsize } = statfsSync(space.data);
    writeFileSync(filler(), Buffer.alloc(Math.max(0, bavail * bsize - leave), 1), { flag: 'a' });
  }

  /** Takes the rest, also what a file system keeps for root. */
  function fillUp(): void {
    const file = openSync(filler(), 'a');
    try {
      for (let size = MiB; size >= 512; size /= 2)
        for (let full = false; !full;)
          try {
            full = writeSync(file, Buffer.alloc(size, 1)) < size;
          } catch (error) {
            if (codeOf(error) !== 'ENOSPC') throw error;
            full = true;
          }
    } finally {
      closeSync(file);
    }
  }

  test('fault 31: keeps a reserve from contents; full to the last byte it stops the agents until there is room', async () => {
    await space.up('a', 'b');
    writeFileSync(at('a', 'one'), 'one');
    await space.inSync();
    fill(24 * MiB);
    const big = Buffer.alloc(30 * MiB, 'big');
    writeFileSync(at('a', 'big'), big);
    await problem('big', 'share_full');
    writeFileSync(at('a', 'small'), 'small');
    await until('the small one', 30_000, () => isAt('b', 'small', 'small'));
    // Somebody else takes the rest: what an agent cannot remember it does not do.
    fillUp();
    for (let n = 0; n < 30; n++) writeFileSync(at('a', `new-${n}`), `new ${n}`);
    writeFileSync(at('a', 'one'), 'two');
    await until('a to halt', 60_000, async () => (await endpointOf('a'))?.halt?.code === 'state_full');
    rmSync(filler());
    await until('all of it at b', 90_000, () => isAt('b', 'one', 'two') && isAt('b', 'new-29', 'new 29'));
    await space.inSync(90);
    for (let n = 0; n < 30; n++) expect(isAt('b', `new-${n}`, `new ${n}`)).toBe(true);
    expect(readFileSync(at('b', 'big')).equals(big)).toBe(true);
    expect((await space.status()).endpoints.map(({ problems }) => problems)).toEqual([[], []]);
  }, 240_000);
});
