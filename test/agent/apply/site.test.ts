// The agent's hand on its own site, where the local tree lags behind what users did a moment ago.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AttributeSetter } from '../../../lib/agent/apply/attributes.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { Problems } from '../../../lib/agent/problems.ts';
import { Replaced } from '../../../lib/agent/apply/replaced.ts';
import { identityOf } from '../../../lib/agent/scan/round.ts';
import { Shown } from '../../../lib/agent/apply/shown.ts';
import { Site } from '../../../lib/agent/apply/site.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { Touched } from '../../../lib/agent/scan/touched.ts';
import { systemClock } from '../../../lib/base/clock.ts';
import { silent } from '../../../lib/base/log.ts';
import { rootId, type NodeId, type NodeState } from '../../../lib/core/node.ts';

let tick = 1_700_000_000_000_000_000n;
let fs: MemoryFs;
let user: MemoryUser;
let state: State;
let looks: string[];
let site: Site;

beforeEach(() => {
  fs = new MemoryFs(() => ++tick);
  user = new MemoryUser(fs.volume);
  state = new State(':memory:');
  looks = [];
  const look = (path: string): number => looks.push(path);
  const common = { fs, state, look, clock: systemClock, log: silent, problems: new Problems(), server: 'here' };
  site = new Site({
    ...common,
    touched: new Touched(),
    replaced: new Replaced({ ...common, verifyRoot: () => Promise.resolve() }),
    attributes: new AttributeSetter({ ...common, shown: new Shown(fs, undefined), now: Date.now }),
  });
  user.mkdirp('.tideway/tmp');
});

afterEach(() => state.close());

function node(id: NodeId, kind: 'file' | 'directory', name: string, parent: NodeId = rootId): NodeState {
  const share = { etag: '"0x1"', fileId: '1', lastWrite: '', author: 'there' };
  return { id, parent, name, kind, version: 1, seq: 1, size: 3, hash: 'h', mtime: '1000000000', mode: 0o644, ...share };
}

/** Makes it on the disk and in the local tree. */
async function known(id: NodeId, kind: 'file' | 'directory', name: string, parent: NodeId = rootId): Promise<void> {
  const path = state.pathIn(parent, name) ?? name;
  if (kind === 'directory') user.mkdir(path);
  else user.writeFile(path, 'old');
  const stat = await fs.stat(path);
  if (stat === null) throw new Error(`${path} was not made`);
  const times = { mtime: '1000000000', statMtime: stat.mtimeNs.toString(), ctime: stat.ctimeNs.toString() };
  const entry = { id, parent, name, kind, size: stat.size, mode: 0o644, hash: 'h', settled: true };
  state.now(() => state.setLocal(id, { ...entry, ...identityOf(stat), ...times }));
}

test('a name that is free on the disk, but somebody else has it in the local tree, is not taken', async () => {
  await known('moved', 'file', 'f.txt');
  await known('other', 'file', 'g.txt');
  user.rename('f.txt', 'elsewhere.txt'); // no scan has seen that yet
  user.writeFile('.tideway/tmp/new', 'new');
  const stat = await fs.stat('.tideway/tmp/new');
  if (stat === null) throw new Error('nothing was made');
  const stale = { code: 'stale' };
  await expect(
    site.place(node('new', 'file', 'f.txt'), '.tideway/tmp/new', { hash: 'h', stat, synced: true }),
  ).rejects.toMatchObject(stale);
  await expect(site.mkdir(node('new', 'directory', 'f.txt'))).rejects.toMatchObject(stale);
  await expect(site.move('other', rootId, 'f.txt')).rejects.toMatchObject(stale);
  expect(await fs.stat('f.txt')).toBeNull();
  expect(state.localAt(rootId, 'f.txt')?.id).toBe('moved');
  expect(looks).toEqual(['f.txt', 'f.txt', 'f.txt']);
});

test('a directory that is empty on the disk, but not in the local tree, is not removed', async () => {
  await known('dir', 'directory', 'dir');
  await known('file', 'file', 'f.txt', 'dir');
  user.rename('dir/f.txt', 'elsewhere.txt');
  await expect(site.rmdir('dir')).rejects.toMatchObject({ code: 'stale' });
  expect(await fs.stat('dir')).not.toBeNull();
  expect(looks).toEqual(['dir']);
  state.now(() => state.setLocal('file', null));
  await site.rmdir('dir');
  expect([await fs.stat('dir'), state.local('dir')]).toEqual([null, undefined]);
});
