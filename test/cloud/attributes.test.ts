import { describe, expect, test } from '@jest/globals';
import { attributesIn } from '../../lib/protocol/attributes.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';

const more = { owner: 'zoe', group: '1000', xattrs: { 'user.tag': 'YQ==' } };

async function begin() {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  await world.commit(
    paris,
    { ...paris.create('root', 'f', 'text'), ...more },
    { ...paris.mkdir('root', 'd'), ...more },
  );
  return { world, paris };
}

const onShare = (world: CloudWorld, path: string) => attributesIn(world.share.find(path)?.metadata ?? {});

describe('owner, group and extended attributes', () => {
  test('are in the row, and of a directory on the share from the start', async () => {
    const { world } = await begin();
    expect(world.node('f')).toMatchObject(more);
    expect(world.node('d')).toMatchObject(more);
    expect(onShare(world, 'd')).toEqual({ mode: 0o755, ...more });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('one operation changes what it names, in the row and on the share, and nothing else', async () => {
    const { world, paris } = await begin();
    for (const path of ['f', 'd']) {
      const { id, version } = world.node(path);
      await world.commit(paris, { kind: 'attributes', node: id, base: version, group: 'staff' });
      expect(world.node(path)).toMatchObject({ ...more, group: 'staff', version });
      expect(onShare(world, path)).toMatchObject({ group: 'staff' });
      await world.commit(paris, { kind: 'attributes', node: id, base: version, mode: 0o700, xattrs: {} });
      expect(world.node(path)).toMatchObject({ owner: 'zoe', group: 'staff', mode: 0o700, xattrs: {} });
      expect(onShare(world, path).xattrs).toBeUndefined();
    }
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('what is there already gives a row without effects', async () => {
    const { world, paris } = await begin();
    const { id, version } = world.node('f');
    const [row] = await world.commit(paris, { kind: 'attributes', node: id, base: version, ...more });
    expect(row).toMatchObject({ outcome: 'applied', effects: [] });
  });

  test('an edit that does not name them leaves them', async () => {
    const { world, paris } = await begin();
    await world.commit(paris, paris.edit(world.node('f'), 'more text'));
    expect(world.node('f')).toMatchObject(more);
    await world.commit(paris, { ...paris.edit(world.node('f'), 'even more text'), owner: 'max' });
    expect(world.node('f')).toMatchObject({ ...more, owner: 'max' });
  });

  test('a conflict copy has them, and a directory that comes back', async () => {
    const { world, paris } = await begin();
    const tokyo = await world.endpoint('tokyo');
    const old = world.node('f');
    await world.commit(paris, paris.edit(old, 'paris', { at: 1 }));
    await world.commit(tokyo, tokyo.edit(old, 'tokyo', { at: 2 }));
    expect(world.node('f-paris')).toMatchObject(more);
    const { id } = world.node('d');
    await world.commit(paris, { kind: 'rmdir', node: id, asOf: world.head });
    await world.commit(tokyo, tokyo.create(id, 'late', 'text'));
    expect(world.node('d')).toMatchObject({ id, ...more });
    expect(onShare(world, 'd')).toEqual({ mode: 0o755, ...more });
  });

  test('what was edited on the share keeps them; what comes from elsewhere with them has them', async () => {
    const { world } = await begin();
    const { metadata } = world.share.find('d') ?? {};
    world.save('f', 'edited there');
    world.share.upload('copied', Buffer.from('by a tool that keeps metadata'), { metadata: metadata ?? {} });
    await world.examine('');
    expect(world.node('f')).toMatchObject({ hash: null, ...more });
    expect(world.node('copied')).toMatchObject({ mode: 0o755, ...more });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('many large ones go in several chunks, none is lost', async () => {
    const { world, paris } = await begin();
    const xattrs = { 'user.big': Buffer.alloc(9_000, 'x').toString('base64') };
    const operations = Array.from({ length: 12 }, (_, index) => ({
      ...paris.create('root', `big-${index}`, 'x'),
      xattrs,
    }));
    const rows = await world.commit(paris, ...operations);
    expect(rows.map(({ outcome }) => outcome)).toEqual(operations.map(() => 'applied'));
    expect(world.node('big-11').xattrs).toEqual(xattrs);
    expect(brokenInvariants(world)).toEqual([]);
  });
});

test('a zombie sets the time between the looks of its successor: nobody has written to it, and what it holds is known', async () => {
  const { world, paris } = await begin();
  await world.commit(paris, paris.create('root', 'like-it', 'x'));
  const mtime = '1700000000000000000';
  const attributes = (path: string) => {
    const { id: node, version: base } = world.node(path);
    return { kind: 'attributes', node, base, mtime } as const;
  };
  await world.commit(paris, attributes('like-it'));
  const { hash, version } = world.node('f');
  let looks = 0;
  const committer = world.committer(({ method, args }) => {
    const entry = world.share.find('f');
    // By then the first one is answered, and the metadata is set.
    if (method === 'properties' && args[0] === 'f' && ++looks === 2 && entry !== undefined)
      Object.assign(entry, { lastWrite: world.share.find('like-it')?.lastWrite, etag: '"of a zombie"' });
    return undefined;
  });
  await committer.commit(paris.seal([attributes('f')]));
  expect(looks).toBe(2);
  expect(world.node('f')).toMatchObject({ hash, version, mtime, lastWrite: world.share.find('f')?.lastWrite });
  expect(brokenInvariants(world)).toEqual([]);
});
