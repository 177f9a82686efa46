import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShareClient } from '@azure/storage-file-share';
import { Spawned } from '../local/files/spawned.ts';
import { contentOf, eventually, swept, world } from '../local/files/world.ts';

let dir = '';
let spawned: Spawned;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-files-crash-'));
  spawned = new Spawned(dir);
});
afterEach(() => spawned.kill());

const sizes = [100, 30_000, 150_000, 400_000];
const names = sizes.map((size) => `f${size}`);

type Files = ReadonlyMap<string, Buffer>;

async function read(share: ShareClient): Promise<Files> {
  const contents = await Promise.all(names.map((name) => contentOf(share, name)));
  return new Map(names.map((name, i) => [name, contents[i] ?? Buffer.alloc(0)]));
}

/** One file that is overwritten in part and whole until the service dies. */
async function write(share: ShareClient, name: string, size: number, round: number): Promise<void> {
  const file = share.rootDirectoryClient.getFileClient(name);
  for (let i = 0; ; i++) {
    const bytes = Buffer.alloc(size, `${round}/${i} `);
    const half = Math.floor(size / 2);
    if (i % 3 === 2) await file.create(size, { content: bytes, contentLength: size });
    else await file.uploadRange(bytes.subarray(0, half), i % 2 === 0 ? 0 : half, half);
    if (i % 5 === 4) await file.setMetadata({ n: String(i) });
  }
}

/** Snapshots with what each of them showed when it was acknowledged; now and then one is deleted. */
async function snap(share: ShareClient, kept: Map<string, Files>, gone: Set<string>): Promise<void> {
  for (let i = 0; ; i++) {
    const { snapshot = '' } = await share.createSnapshot();
    kept.set(snapshot, await read(share.withSnapshot(snapshot)));
    if (i % 3 !== 2) continue;
    const [first = ''] = [...kept.keys()].slice(i % 2);
    kept.delete(first);
    await share.withSnapshot(first).delete();
    gone.add(first);
  }
}

test('kill -9 leaves every snapshot that was acknowledged as it was, and nothing of those deleted', async () => {
  const kept = new Map<string, Files>();
  const gone = new Set<string>();
  let share = await spawned.start();
  for (const [i, name] of names.entries()) {
    const size = sizes[i] ?? 0;
    const bytes = Buffer.alloc(size, 'first');
    await share.rootDirectoryClient.getFileClient(name).create(size, { content: bytes, contentLength: size });
  }
  for (const [round, enough] of [3, 6, 10].entries()) {
    const work = [...names.map((name, i) => write(share, name, sizes[i] ?? 0, round)), snap(share, kept, gone)].map(
      (one) =>
        one.then(
          () => 'ended',
          (error: unknown) => String((error as { code?: unknown }).code),
        ),
    );
    await eventually(() => kept.size + gone.size >= enough);
    await spawned.kill();
    for (const failure of await Promise.all(work)) expect(['ECONNRESET', 'ECONNREFUSED']).toContain(failure);
    share = await spawned.start();
    for (const [id, files] of kept) {
      const now = await read(share.withSnapshot(id));
      for (const [name, bytes] of files)
        expect([round, id, name, now.get(name)?.equals(bytes)]).toEqual([round, id, name, true]);
    }
    for (const id of gone)
      await expect(share.withSnapshot(id).getProperties()).rejects.toMatchObject({ code: 'ShareSnapshotNotFound' });
    await read(share); // whatever the last writes came to, it can be read
  }
  await spawned.kill();

  const last = await world({ dir, retentionDays: 0 });
  await last.share.delete({ deleteSnapshots: 'include' });
  await last.service.stop();
  expect(await swept(dir)).toEqual({ node: 0, past: 0, content: 0, snapshot: 0, share: 0, files: 0 });
}, 120_000);
