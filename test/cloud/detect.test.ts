// What `detect-changes` and `group create --share` ask of the backend.
import { describe, expect, test } from '@jest/globals';
import { commit } from '../../lib/cloud/commit/commit.ts';
import { detectChanges, detection } from '../../lib/cloud/detect.ts';
import { scansOf } from '../../lib/cloud/enumerate/start.ts';
import { createGroup } from '../../lib/cloud/registry.ts';
import { after } from '../../lib/cloud/rows.ts';
import { logRow } from '../../lib/protocol/log-row.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import { finish } from '../support/enumeration.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { Replay } from '../support/replay.ts';

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'none',
    (error: unknown) => (error as { code?: string }).code,
  );
}

describe('C126 looking for edits on the share', () => {
  test('the path that was asked for counts after one more look, what is below it when it was seen twice', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    await world.commit(paris, paris.mkdir('root', '10:30'));
    world.share.mkdir('10\uf02230/new');
    world.save('10\uf02230/new/file', 'x');
    const { cloud } = world.committer();
    const { id, path } = await detectChanges(cloud, group, { path: '10:30/new' });
    expect(path).toBe('10\uf02230/new');
    await world.drain();
    expect(world.tree().byPath().has('10:30/new')).toBe(true);
    expect(world.tree().byPath().has('10:30/new/file')).toBe(false);
    await finish(world, id);
    expect(world.tree().byPath().has('10:30/new/file')).toBe(true);
    expect(await detection(cloud, group, id)).toMatchObject({ state: 'done', directories: 1, entries: 1, changes: 1 });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a file is looked at, and so is what is not there', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    await world.commit(paris, paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two'));
    world.save('a', 'changed');
    world.unlink('b');
    for (const path of ['a', 'b', 'nowhere/at all']) {
      const { id } = await detectChanges(world.committer().cloud, group, { path });
      expect(await finish(world, id)).toMatchObject({ state: 'done', sent: 0 });
    }
    expect([...world.tree().byPath()].map(([path, { author }]) => `${path} ${author}`)).toEqual(['a Cloud']);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('what cannot be asked for is refused by name', async () => {
    const { cloud } = (await CloudWorld.create()).committer();
    expect(await refusal(detectChanges(cloud, 'none', { path: '' }))).toBe('group_unknown');
    expect(await refusal(detectChanges(cloud, group, { path: 'a/../..' }))).toBe('path_invalid');
    expect(await refusal(detection(cloud, group, 'none'))).toBe('scan_unknown');
    for (let count = 0; count < 8; count++) await detectChanges(cloud, group, { path: '' });
    expect(await refusal(detectChanges(cloud, group, { path: '' }))).toBe('too_many_scans');
  });
});

describe('C127 a group on a share that holds files', () => {
  test('takes them in as they are, links and what an earlier group wrote beside them included', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    // The share of a group whose rows were lost.
    const create = { ...paris.create('root', 'a.txt', 'one'), mode: 0o640 };
    await world.commit(paris, paris.mkdir('root', 'd'), create, paris.link('root', 'l', 'a.txt'));
    const { id, version } = world.node('a.txt');
    await world.commit(paris, { kind: 'attributes', node: id, base: version, mode: 0o600, owner: 'zoe' });
    world.save('d/by hand', 'x');
    const files = world.share.walk().filter(([path]) => !path.startsWith('.tideway'));
    const before = new Map(files.map(([path, entry]) => [path, entry.etag]));
    const { cloud } = world.committer();
    for (const { key } of world.table.all('registry')) world.table.transact('registry', [{ do: 'delete', key }]);
    await createGroup(cloud, 'again', 'share');
    for (let count = 0; count < 4; count++) {
      await tickAndStep(cloud);
      for (let body = world.queue.shift(); body !== undefined; body = world.queue.shift())
        await commit(cloud, 'again', body, 1);
      world.clock.advance(10_000);
    }
    const rows = world.table.range('again', 'log|', after('log|')).map((row) => logRow.parse(row.value));
    const tree = new Replay(rows).byPath();
    expect([...tree].map(([path, node]) => `${path} ${node.kind}`).toSorted()).toEqual([
      'a.txt file',
      'd directory',
      'd/by hand file',
      'l link',
    ]);
    expect(tree.get('a.txt')).toMatchObject({ mode: 0o600, owner: 'zoe', hash: null, etag: before.get('a.txt') });
    for (const [path, etag] of before) expect(world.share.find(path)?.etag).toBe(etag);
    expect((await scansOf(cloud, 'again')).map(({ scan }) => [scan.kind, scan.state])).toEqual([['intake', 'done']]);
  });

  test('an empty share needs none; a share belongs to one group; making a group again changes nothing', async () => {
    const world = await CloudWorld.create();
    const { cloud } = world.committer();
    expect(await scansOf(cloud, group)).toEqual([]);
    const rows = world.table.all(group);
    await createGroup(cloud, group, 'share');
    expect(world.table.all(group)).toEqual(rows);
    expect(await refusal(createGroup(cloud, 'other', 'share'))).toBe('share_taken');
    expect(await refusal(createGroup(cloud, group, 'another'))).toBe('group_taken');
  });
});
