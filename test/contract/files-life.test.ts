import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Clock } from '../../lib/base/clock.ts';
import { Faults } from '../../lib/local/faults.ts';
import { startFiles } from '../../lib/local/files/service.ts';
import { account, clientOf, refused, world, type World } from '../local/files/world.ts';

const faults = new Faults();
let w: World;
beforeEach(async () => {
  faults.clear();
  w = await world({ faults });
});
afterEach(() => w.stop());

test('a stop answers what is under way, refuses what comes later, and can be asked for twice', async () => {
  // Time stands still, so that the patience of the stop does not end on a busy machine.
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const clock: Clock = {
    now: () => Date.now(),
    monotonic: () => 0,
    sleep: () => {
      begun.resolve();
      return held.promise;
    },
  };
  const slow = await world({ faults, clock });
  const file = slow.share.rootDirectoryClient.getFileClient('late');
  faults.add(/^PUT \/team\/late$/, { kind: 'delay', ms: 50 });
  const created = refused(file.create(1));
  await begun.promise;
  const stopped = Promise.all([slow.service.stop(), slow.service.stop()]);
  held.resolve();
  expect(await created).toBe('none');
  await stopped;
  // A connection the client kept is reset, a new one refused.
  expect(['ECONNRESET', 'ECONNREFUSED']).toContain(await refused(file.getProperties()));
  await slow.stop();
});

test('a restart on the same directory and port goes on where it was', async () => {
  const file = w.share.rootDirectoryClient.getFileClient('kept');
  const { etag, fileId } = await file.create(5, { content: 'hello', contentLength: 5 });
  const { port } = w.service;
  await w.service.stop();
  const again = await world({ dir: w.dir, port });
  expect(again.service.url).toBe(w.service.url);
  const same = again.share.rootDirectoryClient.getFileClient('kept');
  expect(await same.getProperties()).toMatchObject({ etag, fileId, contentLength: 5 });
  expect((await same.downloadToBuffer()).toString()).toBe('hello');
  await again.service.stop();
});

test('counters tell what was asked, and how many requests shared a commit', async () => {
  const before = { ...w.service.counters.requests };
  const { writes, commits, bytesIn } = w.service.counters;
  const root = w.share.rootDirectoryClient;
  await root.createFile('c', 100, { content: Buffer.alloc(100), contentLength: 100 });
  await Promise.all(Array.from({ length: 40 }, (_, i) => w.service.smb.create({ share: 'team', path: `s${i}` })));
  await refused(root.getFileClient('absent').getProperties());
  const { counters } = w.service;
  expect((counters.requests['CreateFile'] ?? 0) - (before['CreateFile'] ?? 0)).toBe(1);
  expect(counters.writes - writes).toBe(41);
  expect(counters.commits - commits).toBe(2);
  expect(counters.bytesIn - bytesIn).toBe(100);
  expect(counters.errors['ResourceNotFound']).toBe(1);
});

test('an account accepts no other', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tideway-files-other-'));
  const other = await startFiles({ dir, account: { name: 'other', key: account.key } });
  const url = `http://127.0.0.1:${other.port}/tideway`;
  expect(await refused(clientOf(url).getShareClient('team').getProperties())).toBe('AuthenticationFailed');
  await other.stop();
  rmSync(dir, { recursive: true });
});
