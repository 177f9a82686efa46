import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ShareClient } from '@azure/storage-file-share';
import { Spawned } from '../local/files/spawned.ts';
import { eventually, world } from '../local/files/world.ts';

let dir = '';
let spawned: Spawned;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-files-crash-'));
  spawned = new Spawned(dir);
});
afterEach(async () => {
  await spawned.kill();
  rmSync(dir, { recursive: true, force: true });
});

function bytesOf(index: number, size: number): Buffer {
  return Buffer.alloc(size, `content ${index} `);
}

// One writer works through its list until the service dies, and says after each step what was acknowledged.
async function work(share: ShareClient, writer: number, acknowledged: Map<string, Buffer | undefined>): Promise<void> {
  const root = share.rootDirectoryClient;
  for (let i = 0; ; i++) {
    const name = `w${writer}-${i}`;
    const size = [0, 100, 70_000, 300_000][i % 4] ?? 0;
    const bytes = bytesOf(i, size);
    const file = root.getFileClient(name);
    await file.create(size, size === 0 ? {} : { content: bytes, contentLength: size });
    acknowledged.set(name, bytes);
    if (i % 3 === 0 && i % 7 !== 5) {
      await file.rename(`${name}-renamed`);
      acknowledged.set(`${name}-renamed`, bytes);
      acknowledged.set(name, undefined);
    }
    if (i % 5 === 4) {
      await file.create(200_000);
      const part = bytesOf(i + 1, 100_000);
      await file.uploadRange(part, 50_000, part.length);
      acknowledged.set(name, Buffer.concat([Buffer.alloc(50_000), part, Buffer.alloc(50_000)]));
    }
    if (i % 7 === 5) {
      await file.delete();
      acknowledged.set(name, undefined);
    }
  }
}

describe('kill -9', () => {
  test.each([40, 90, 170])(
    'after %i files loses nothing acknowledged, and shows no half file',
    async (enough) => {
      const share = await spawned.start();
      const writers = Array.from({ length: 8 }, () => new Map<string, Buffer | undefined>());
      const failures = writers.map((acknowledged, writer) =>
        work(share, writer, acknowledged).then(
          () => 'ended',
          (error: unknown) => String((error as { code?: unknown }).code),
        ),
      );
      const count = (): number => writers.reduce((sum, acknowledged) => sum + acknowledged.size, 0);
      await eventually(() => count() >= enough);
      await spawned.kill();
      for (const failure of await Promise.all(failures)) expect(['ECONNRESET', 'ECONNREFUSED']).toContain(failure);

      const again = await spawned.start();
      const found = new Map<string, number | undefined>();
      for await (const item of again.rootDirectoryClient.listFilesAndDirectories())
        if (item.kind === 'file') found.set(item.name, item.properties.contentLength);
      let checked = 0;
      for (const [writer, acknowledged] of writers.entries()) {
        // The step that was under way at the kill may have happened: it concerns the last file of its writer only.
        const last = [...acknowledged.keys()].filter((name) => !name.endsWith('-renamed')).length;
        const open = new Set([last - 1, last].flatMap((i) => [`w${writer}-${i}`, `w${writer}-${i}-renamed`]));
        for (const [name, bytes] of acknowledged) {
          if (open.has(name)) continue;
          checked++;
          expect([name, found.get(name)]).toEqual([name, bytes?.length]);
          if (bytes === undefined || bytes.length === 0) continue;
          const got = await again.rootDirectoryClient.getFileClient(name).downloadToBuffer();
          expect([name, got.equals(bytes)]).toEqual([name, true]);
        }
        // Whole or not at all: an unacknowledged create with a body shows the body.
        for (const name of open) {
          const size = found.get(name);
          const i = Number(/-(\d+)/.exec(name)?.[1]);
          if (size === undefined || size === 0 || size === 200_000) continue;
          const got = await again.rootDirectoryClient.getFileClient(name).downloadToBuffer();
          expect([name, got.equals(bytesOf(i, size))]).toEqual([name, true]);
        }
      }
      // At most four names of each writer are open.
      expect(checked).toBeGreaterThanOrEqual(enough - 4 * writers.length);
    },
    120_000,
  );

  test('frees the state for the next process, and only a dead holder does', async () => {
    await spawned.start();
    await expect(world({ dir })).rejects.toMatchObject({ code: 'state_locked' });
    await spawned.kill();
    const w = await world({ dir });
    await w.stop();
  });
});

test('a start sweeps contents that no row names, and keeps the others', async () => {
  const first = await world({ dir });
  const file = first.share.rootDirectoryClient.getFileClient('kept');
  await file.create(100_000, { content: Buffer.alloc(100_000, 1), contentLength: 100_000 });
  await first.service.stop();
  writeFileSync(join(dir, 'contents', '12345'), 'left by a crash');
  const second = await world({ dir });
  expect(readdirSync(join(dir, 'contents')).length).toBe(1);
  const again = second.share.rootDirectoryClient.getFileClient('kept');
  expect((await again.downloadToBuffer()).equals(Buffer.alloc(100_000, 1))).toBe(true);
  await second.stop();
});
