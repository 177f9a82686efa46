// What was: history and versions of a path, and what was deleted comes back.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { temporaryName } from '../../lib/core/temporary-name.ts';
import { history } from '../../lib/cloud/past/history.ts';
import { startUndelete, undeleteState } from '../../lib/cloud/past/undelete.ts';
import { versions } from '../../lib/cloud/past/versions.ts';
import type { UndeleteAnswer } from '../../lib/protocol/past.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import type { Fate } from '../support/life.ts';

const day = 24 * 3_600_000;
let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
});

const remove = (path: string): Operation => {
  const { id, version } = world.node(path);
  return { kind: 'delete', node: id, base: version };
};
const removeDir = (path: string): Operation => ({ kind: 'rmdir', node: world.node(path).id, asOf: world.head });
const cloud = () => world.committer().cloud;

/** Commits one by one, so that each may speak of what the one before it made. */
async function each(endpoint: Endpoint, ...operations: readonly (() => Operation)[]): Promise<void> {
  for (const operation of operations) await world.commit(endpoint, operation());
}

async function undelete(path: string, fates: readonly Fate[] = []): Promise<UndeleteAnswer> {
  const { id } = await startUndelete(cloud(), group, path);
  for (let body = world.queue.shift(); body !== undefined; body = world.queue.shift()) await world.deliver(body, fates);
  return undeleteState(cloud(), group, id);
}

/** d/a, d/sub/b and a link d/l, all of paris. */
async function tree(): Promise<void> {
  const d = paris.mkdir('root', 'd');
  const sub = paris.mkdir(d.node, 'sub');
  const files = [paris.create(d.node, 'a', 'content a'), paris.create(sub.node, 'b', 'content b')];
  await world.commit(paris, d, sub, ...files, paris.link(d.node, 'l', 'a'));
}

describe('history', () => {
  test('tells who made, edited, moved and deleted a file, where and when', async () => {
    await each(
      paris,
      () => paris.mkdir('root', 'd'),
      () => paris.create('root', 'f', 'one'),
    );
    world.clock.advance(1000);
    await each(tokyo, () => tokyo.edit(world.node('f'), 'number two', { at: 5 }));
    await each(tokyo, () => ({ kind: 'move', node: world.node('f').id, parent: world.node('d').id, name: 'g' }));
    await each(paris, () => remove('d/g'));
    const seen = await history(cloud(), group, 'd/g', 100);
    expect(seen.changes.map(({ seq, at: _at, ...rest }) => [seq, rest])).toEqual([
      [2, { site: 'paris', op: 'create', outcome: 'applied', path: 'f', version: 2, size: 3 }],
      [3, { site: 'tokyo', op: 'edit', outcome: 'applied', path: 'f', version: 3, size: 10 }],
      [4, { site: 'tokyo', op: 'move', outcome: 'applied', path: 'd/g', from: 'f' }],
      [5, { site: 'paris', op: 'delete', outcome: 'applied', from: 'd/g' }],
    ]);
    expect(seen.changes[1]!.at - seen.changes[0]!.at).toBe(1000);
    expect([seen.kind, seen.deleted, seen.more]).toEqual(['file', true, false]);
    // By its old name it is found as well.
    expect((await history(cloud(), group, 'f', 100)).node).toBe(seen.node);
    const newest = await history(cloud(), group, 'f', 2);
    expect([newest.changes.map(({ op }) => op), newest.more]).toEqual([['move', 'delete'], true]);
  });

  test('of what died with its directory ends with the delete of that', async () => {
    await tree();
    await each(tokyo, () => removeDir('d'));
    const { changes, deleted } = await history(cloud(), group, 'd/sub/b', 100);
    expect([changes.map(({ op, site }) => `${op} ${site}`), deleted]).toEqual([['create paris', 'rmdir tokyo'], true]);
  });

  test('of a name that was used twice is that of who has it now', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'first'),
      () => remove('f'),
      () => paris.create('root', 'f', 'second'),
    );
    const { changes } = await history(cloud(), group, 'f', 100);
    expect(changes.map(({ seq }) => seq)).toEqual([3]);
  });

  test.each([
    ['nothing', 'path_unknown'],
    ['d/nothing', 'path_unknown'],
    ['../x', 'path_invalid'],
    ['', 'path_invalid'],
  ])('of %p there is none: %s', async (path, code) => {
    await tree();
    await expect(history(cloud(), group, path, 100)).rejects.toMatchObject({ code });
    await expect(history(cloud(), 'nowhere', 'd', 100)).rejects.toMatchObject({ code: 'group_unknown' });
  });
});

describe('versions', () => {
  test('are those that trash keeps, with where they are, and the current one', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'one'),
      () => paris.edit(world.node('f'), 'number two', { at: 5 }),
      () => ({ kind: 'attributes', node: world.node('f').id, base: world.node('f').version, mode: 0o600 }),
    );
    await each(tokyo, () => tokyo.edit(world.node('f'), 'the third', { at: 9 }));
    const seen = await versions(cloud(), group, 'f');
    expect(seen.versions.map(({ version, site, size, state, trash }) => [version, site, size, state, trash])).toEqual([
      [1, 'paris', 3, 'kept', '.tideway/trash/2-2'],
      [2, 'paris', 10, 'kept', '.tideway/trash/4-1'],
      [4, 'tokyo', 9, 'current', undefined],
    ]);
    for (const { trash, size } of seen.versions)
      if (trash !== undefined) expect((await cloud().share('share').properties(trash, 'file'))?.size).toBe(size);
    expect(seen.versions.every(({ at }) => at !== null)).toBe(true);
  });

  test('of a deleted file have no current one', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'one'),
      () => remove('f'),
    );
    const { versions: seen, deleted } = await versions(cloud(), group, 'f');
    expect([seen.map(({ version, state }) => [version, state]), deleted]).toEqual([[[1, 'kept']], true]);
  });

  test('of what died with its directory are in its trash', async () => {
    await tree();
    await each(paris, () => removeDir('d'));
    const [only, ...others] = (await versions(cloud(), group, 'd/sub/b')).versions;
    expect([only?.state, only?.trash, others]).toEqual(['kept', `.tideway/trash/6-6/sub/b`, []]);
  });

  test('that trash has let go are gone, and those of rows that are gone have no number', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'one'),
      () => paris.edit(world.node('f'), 'number two', { at: 5 }),
    );
    world.clock.advance(8 * day);
    await each(paris, () => paris.edit(world.node('f'), 'three', { at: 9 }));
    for (let round = 0; round < 3; round++) await tickAndStep(cloud());
    const { versions: seen } = await versions(cloud(), group, 'f');
    expect(seen.map(({ version, state }) => [version, state])).toEqual([
      [1, 'gone'],
      [2, 'kept'],
      [3, 'current'],
    ]);
  });

  test('a directory has none', async () => {
    await tree();
    await expect(versions(cloud(), group, 'd')).rejects.toMatchObject({ code: 'not_a_file' });
  });
});

describe('undelete', () => {
  test('a file comes back with its id, by an operation that all sites read', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'one'),
      () => paris.edit(world.node('f'), 'number two', { at: 5 }),
      () => remove('f'),
    );
    const before = world.rows()[1]?.effects[0];
    expect(await undelete('f')).toMatchObject({ state: 'done', items: 1, restored: 1, restoredTo: 'f', failed: [] });
    expect([world.visible(), world.rows().at(-1)]).toMatchObject([
      { f: 'number two' },
      { op: 'undelete', server: 'Cloud', n: 0 },
    ]);
    expect(before).toMatchObject({ put: { id: world.node('f').id, version: world.node('f').version } });
    expect(brokenInvariants(world)).toEqual([]);
    // It is a file as any other.
    await each(tokyo, () => tokyo.edit(world.node('f'), 'goes on', { at: 20 }));
    expect(world.visible()).toEqual({ f: 'goes on' });
    expect((await history(cloud(), group, 'f', 100)).changes.map(({ op }) => op)).toEqual([
      'create',
      'edit',
      'delete',
      'undelete',
      'edit',
    ]);
  });

  test('what was deleted from a temporary name comes back under its own', async () => {
    await each(paris, () => paris.create('root', 'f', 'one'));
    const at = temporaryName('f', world.node('f').id);
    await each(
      paris,
      () => ({ kind: 'move', node: world.node('f').id, parent: 'root', name: at }),
      () => remove(at),
    );
    expect(await undelete(at)).toMatchObject({ state: 'done', restored: 1, restoredTo: 'f', failed: [] });
    expect(world.visible()).toEqual({ f: 'one' });
  });

  test('a directory comes back with all that died with it', async () => {
    await tree();
    const [before, ids] = [world.visible(), ['d', 'd/a', 'd/sub', 'd/sub/b', 'd/l'].map((path) => world.node(path).id)];
    await each(paris, () => removeDir('d'));
    expect(world.visible()).toEqual({});
    expect(await undelete('d')).toMatchObject({ items: 5, restored: 5, failed: [] });
    expect(world.visible()).toEqual(before);
    expect(['d', 'd/a', 'd/sub', 'd/sub/b', 'd/l'].map((path) => world.node(path).id)).toEqual(ids);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('an rm -rf that was seen file by file is undone as a whole, and what was deleted long before is not', async () => {
    await tree();
    await each(paris, () => paris.create(world.node('d').id, 'old', 'gone long ago'));
    await each(tokyo, () => tokyo.create(world.node('d').id, 'other', 'deleted by another'));
    const before = world.visible();
    await each(paris, () => remove('d/old'));
    world.clock.advance(2 * 3_600_000);
    await each(tokyo, () => remove('d/other'));
    await each(
      paris,
      () => remove('d/sub/b'),
      () => removeDir('d/sub'),
      () => remove('d/a'),
      () => removeDir('d'),
    );
    expect(await undelete('d')).toMatchObject({ items: 5, restored: 5, failed: [] });
    const { 'd/old': _old, 'd/other': _other, ...expected } = before;
    expect(world.visible()).toEqual(expected);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('one file of a deleted directory brings the directories above it back, and nothing else', async () => {
    await tree();
    await each(paris, () => removeDir('d'));
    expect(await undelete('d/sub/b')).toMatchObject({ items: 1, restored: 1, restoredTo: 'd/sub/b' });
    expect(world.visible()).toEqual({ d: '/', 'd/sub': '/', 'd/sub/b': 'content b' });
    // What stayed dead there can still be asked for, though its directory lives.
    expect(await undelete('d/a')).toMatchObject({ restored: 1, restoredTo: 'd/a' });
    expect(world.visible()).toMatchObject({ 'd/a': 'content a' });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a name that is taken by now: it comes back beside it, and says so', async () => {
    await tree();
    await each(
      paris,
      () => remove('d/a'),
      () => paris.create(world.node('d').id, 'a', 'new a'),
    );
    expect(await undelete('d/a')).toMatchObject({ restored: 1, restoredTo: 'd/a-restored' });
    expect(world.visible()).toMatchObject({ 'd/a': 'new a', 'd/a-restored': 'content a' });
    expect(brokenInvariants(world)).toEqual([]);
    // Now nothing of that name is deleted any more.
    await expect(undelete('d/a')).rejects.toMatchObject({ code: 'not_deleted' });
  });

  test('a directory whose name is a file by now comes back beside it; one that is there again takes in what comes back', async () => {
    await tree();
    const before = world.visible();
    await each(
      paris,
      () => removeDir('d'),
      () => paris.create('root', 'd', 'now a file'),
    );
    expect(await undelete('d')).toMatchObject({ restored: 5, restoredTo: 'd-restored' });
    expect(world.visible()).toMatchObject({ d: 'now a file', 'd-restored/sub/b': 'content b' });
    await each(
      paris,
      () => removeDir('d-restored'),
      () => remove('d'),
      () => paris.mkdir('root', 'd-restored'),
      () => paris.create(world.node('d-restored').id, 'l', 'in the way'),
    );
    expect(await undelete('d-restored')).toMatchObject({ restored: 5 });
    expect(Object.keys(world.visible()).toSorted()).toEqual(
      [...Object.keys(before).map((path) => path.replace('d', 'd-restored')), 'd-restored/l-restored'].toSorted(),
    );
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a file whose name was given to another one', async () => {
    const d = paris.mkdir('root', 'd');
    const f = paris.create(d.node, 'f.txt', 'old');
    await world.commit(paris, d, f);
    await each(paris, () => removeDir('d'));
    const { id } = await startUndelete(cloud(), group, 'd/f.txt');
    const waiting = world.queue.splice(0);
    await each(
      tokyo,
      () => tokyo.mkdir('root', 'd'),
      () => tokyo.create(world.node('d').id, 'f.txt', 'of tokyo'),
    );
    for (const body of waiting) await world.deliver(body);
    expect(await undeleteState(cloud(), group, id)).toMatchObject({ restored: 1, restoredTo: 'd/f-restored.txt' });
    expect(world.visible()).toEqual({ d: '/', 'd/f.txt': 'of tokyo', 'd/f-restored.txt': 'old' });
    expect(world.node('d/f-restored.txt').id).toBe(f.node);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('what lives is not deleted, and what moved is where it went', async () => {
    await tree();
    await expect(undelete('d/a')).rejects.toMatchObject({ code: 'not_deleted', message: 'd/a is there' });
    await each(paris, () => ({ kind: 'move', node: world.node('d/a').id, parent: 'root', name: 'moved' }));
    await expect(undelete('d/a')).rejects.toMatchObject({ message: 'd/a was moved to moved' });
    expect(world.queue).toEqual([]);
  });

  test('what is not kept any more is refused, and nothing happens', async () => {
    await each(
      paris,
      () => paris.create('root', 'f', 'one'),
      () => remove('f'),
    );
    world.save('g', 'on the share');
    await world.detect();
    world.unlink('g');
    await world.detect();
    await expect(undelete('g')).rejects.toMatchObject({ code: 'version_gone' });
    world.clock.advance(8 * day);
    for (let round = 0; round < 3; round++) await tickAndStep(cloud());
    await expect(undelete('f')).rejects.toMatchObject({ code: 'version_gone' });
    expect(world.visible()).toEqual({});
  });

  test('a file that vanishes from trash meanwhile fails alone', async () => {
    await tree();
    await each(paris, () => removeDir('d'));
    world.share.remove('.tideway/trash/6-6/a', 'file');
    world.destroyed.add('content a');
    const answer = await undelete('d');
    expect(answer).toMatchObject({ items: 5, restored: 4, failed: [{ path: 'd/a', code: 'absent_on_share' }] });
    expect(Object.keys(world.visible()).toSorted()).toEqual(['d', 'd/l', 'd/sub', 'd/sub/b']);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('many files come back in few transactions, and a part that comes twice changes nothing', async () => {
    const d = paris.mkdir('root', 'd');
    for (let from = 0; from < 120; from += 40)
      await world.commit(
        paris,
        ...(from === 0 ? [d] : []),
        ...Array.from({ length: 40 }, (_, n) => paris.create(d.node, `f${from + n}`, `content ${from + n}`)),
      );
    const before = world.visible();
    await each(paris, () => removeDir('d'));
    const { id } = await startUndelete(cloud(), group, 'd');
    const bodies = world.queue.splice(0);
    expect(bodies).toHaveLength(3);
    const committer = world.committer();
    for (const body of bodies) await committer.commit(body);
    expect(committer.life.calls.filter(({ method }) => method === 'transact').length).toBeLessThan(30);
    expect(world.visible()).toEqual(before);
    const { head } = world;
    for (const body of bodies) await world.deliver(body);
    expect([world.head, await undeleteState(cloud(), group, id)]).toMatchObject([head, { restored: 121, failed: [] }]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test.each(['kill-before', 'kill-after', 'time-out', 'late'] as const)('struck at every call: %s', async (blow) => {
    for (let strike = 1; ; strike++) {
      world = await CloudWorld.create(strike);
      paris = await world.endpoint('paris');
      await tree();
      const before = world.visible();
      await each(paris, () => removeDir('d'));
      await startUndelete(cloud(), group, 'd');
      let calls = 0;
      let struck = false;
      const fate: Fate = () => {
        if (++calls !== strike) return undefined;
        struck = true;
        return blow;
      };
      for (let body = world.queue.shift(); body !== undefined; body = world.queue.shift())
        await world.deliver(body, [fate]);
      expect([strike, brokenInvariants(world), world.visible()]).toEqual([strike, [], before]);
      if (!struck) return;
    }
  });

  test('asked for what nobody asked', async () => {
    await expect(undeleteState(cloud(), group, 'x')).rejects.toMatchObject({ code: 'undelete_unknown' });
  });
});
