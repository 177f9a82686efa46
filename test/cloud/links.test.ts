import { describe, expect, test } from '@jest/globals';
import { linkTarget } from '../../lib/protocol/link.ts';
import { CloudWorld, textOf } from '../support/cloud-world.ts';
import { linkBytes } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

async function begin() {
  const world = await CloudWorld.create();
  return { world, paris: await world.endpoint('paris'), tokyo: await world.endpoint('tokyo') };
}

const targetOnShare = (world: CloudWorld, path: string): string | undefined => {
  const there = world.share.find(path);
  return there === undefined ? undefined : linkTarget(there.content);
};

describe('links of sites', () => {
  test('are committed with their target, and are links on a mount of the share', async () => {
    const { world, paris } = await begin();
    for (const target of ['/etc/hosts', '../up/\udcff', 'x'.repeat(1024)]) {
      const [row] = await world.commit(paris, paris.link('root', `to ${target.length}`, target));
      expect(row?.outcome).toBe('applied');
      expect(world.node(`to ${target.length}`)).toMatchObject({ kind: 'link', target, mode: 0o777 });
      expect(targetOnShare(world, `to ${target.length}`)).toBe(target);
    }
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('change, move, get another time and go', async () => {
    const { world, paris } = await begin();
    await world.commit(paris, paris.mkdir('root', 'd'), paris.link('root', 'l', 'one'));
    const { id, version } = world.node('l');
    await world.commit(paris, paris.relink(world.node('l'), 'two'));
    expect(world.node('l')).toMatchObject({ id, target: 'two' });
    expect(world.node('l').version).toBeGreaterThan(version);
    const now = world.node('l').version;
    await world.commit(paris, {
      kind: 'attributes',
      node: id,
      base: now,
      mode: 0o600,
      mtime: paris.mtime(9),
      owner: 'zoe',
    });
    expect(world.node('l')).toMatchObject({ mtime: paris.mtime(9), mode: 0o777, owner: 'zoe', version: now });
    await world.commit(paris, { kind: 'move', node: id, parent: world.node('d').id, name: 'm' });
    expect(targetOnShare(world, 'd/m')).toBe('two');
    expect(brokenInvariants(world)).toEqual([]);
    await world.commit(paris, { kind: 'delete', node: id, base: now });
    expect(world.visible()).toEqual({ d: '/' });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('two that were changed differently are kept both, two that were changed alike are one', async () => {
    const { world, paris, tokyo } = await begin();
    await world.commit(paris, paris.link('root', 'l', 'old'), paris.link('root', 'm', 'old'));
    const [l, m] = [world.node('l'), world.node('m')];
    await world.commit(paris, paris.relink(l, 'paris', { at: 1 }), paris.relink(m, 'same', { at: 1 }));
    await world.commit(tokyo, tokyo.relink(l, 'tokyo', { at: 2 }), tokyo.relink(m, 'same', { at: 2 }));
    const links = [...world.tree().byPath()].map(([path, node]) => `${path} ${node.target}`);
    expect(links.toSorted()).toEqual(['l tokyo', 'l-paris paris', 'm same']);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a link and a file of one name are kept both, also where their bytes are the same', async () => {
    const { world, paris, tokyo } = await begin();
    await world.commit(paris, paris.link('root', 'x', 'there', { at: 1 }));
    await world.commit(tokyo, tokyo.create('root', 'x', linkBytes('there'), { at: 2 }));
    const kinds = [...world.tree().byPath()].map(([path, node]) => `${path} ${node.kind}`);
    expect(kinds.toSorted()).toEqual(['x file', 'x-paris link']);
    await world.commit(paris, paris.mkdir('root', 'y'), tokyo.link('root', 'z', 'there'));
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a new one takes the place of nothing but itself: the same target twice is one node', async () => {
    const { world, paris, tokyo } = await begin();
    await world.commit(paris, paris.link('root', 'x', 'there'));
    const [row] = await world.commit(tokyo, tokyo.link('root', 'x', 'there'));
    expect(row).toMatchObject({ outcome: 'applied', effects: [{ to: world.node('x').id }, { put: { seq: 2 } }] });
    expect([...world.tree().byPath().keys()]).toEqual(['x']);
  });

  test('what does not hold together is refused alone', async () => {
    const { world, paris } = await begin();
    const other = { ...paris.link('root', 'a', 'one'), target: 'two' };
    const long = { ...paris.link('root', 'b', 'one'), target: 'é'.repeat(600) };
    const bytes = { ...paris.link('root', 'c', 'one'), target: '\ud800' };
    const rows = await world.commit(paris, other, long, bytes, paris.link('root', 'd', 'one'));
    expect(rows.map(({ outcome, code }) => code ?? outcome)).toEqual([
      'target_malformed',
      'target_too_long',
      'target_malformed',
      'applied',
    ]);
    const file = paris.create('root', 'f', 'text');
    await world.commit(paris, file);
    const kinds = await world.commit(paris, paris.relink(world.node('f'), 'x'), paris.edit(world.node('d'), 'text'));
    expect(kinds.map(({ code }) => code)).toEqual(['kind_changed', 'kind_changed']);
    expect(brokenInvariants(world)).toEqual([]);
  });
});

describe('links on the share', () => {
  test('what a Linux client made is a link, what is malformed stays a file', async () => {
    const { world } = await begin();
    world.share.upload('l', linkBytes('over/there'));
    world.share.upload(
      'f',
      linkBytes('over/there').map((byte, index) => (index === 50 ? byte + 1 : byte)),
    );
    world.share.upload('g', Buffer.alloc(1067, 'x'));
    await world.examine('');
    expect(world.node('l')).toMatchObject({ kind: 'link', target: 'over/there', mode: 0o777, author: 'Cloud' });
    expect([world.node('f').kind, world.node('g').kind]).toEqual(['file', 'file']);
    expect(brokenInvariants(world)).toEqual([]);
    const head = world.head;
    await world.detect();
    expect(world.head).toBe(head);
  });

  test('a link that was written anew there has another target; the same one again is no new version', async () => {
    const { world, paris } = await begin();
    await world.commit(paris, paris.link('root', 'l', 'one'));
    const { id, version } = world.node('l');
    world.destroyed.add(textOf(linkBytes('one')));
    world.share.write('l', linkBytes('two'));
    await world.examine('l');
    expect(world.node('l')).toMatchObject({ id, target: 'two' });
    const second = world.node('l').version;
    expect(second).toBeGreaterThan(version);
    world.share.remove('l', 'file');
    world.share.upload('l', linkBytes('two'));
    await world.examine('l');
    expect(world.node('l')).toMatchObject({ id, version: second });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a file in the place of a link, and a link in the place of a file, are other nodes', async () => {
    const { world, paris } = await begin();
    await world.commit(paris, paris.link('root', 'l', 'one'), paris.create('root', 'f', 'text'));
    const [l, f] = [world.node('l'), world.node('f')];
    for (const text of ['text', textOf(linkBytes('one'))]) world.destroyed.add(text);
    for (const path of ['l', 'f']) world.share.remove(path, 'file');
    world.save('l', 'now a file');
    world.share.upload('f', linkBytes('now a link'));
    await world.examine('');
    expect(world.node('l').kind).toBe('file');
    expect(world.node('l').id).not.toBe(l.id);
    expect(world.node('f')).toMatchObject({ kind: 'link', target: 'now a link' });
    expect(world.node('f').id).not.toBe(f.id);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a file of a site that happens to be in that form stays a file, whatever else changes about it', async () => {
    const { world, paris } = await begin();
    await world.commit(paris, paris.create('root', 'f', linkBytes('x')));
    world.share.touch('f');
    await world.detect();
    expect(world.node('f').kind).toBe('file');
    expect(brokenInvariants(world)).toEqual([]);
  });

  test.each(['relink', 'move', 'delete'] as const)(
    'one that was changed there and meets our %s is kept',
    async (what) => {
      const { world, paris } = await begin();
      await world.commit(paris, paris.link('root', 'l', 'one'));
      const node = world.node('l');
      world.save('l', 'a file now');
      const operation =
        what === 'relink'
          ? paris.relink(node, 'ours')
          : what === 'move'
            ? { kind: 'move' as const, node: node.id, parent: 'root', name: 'm' }
            : { kind: 'delete' as const, node: node.id, base: node.version };
      await world.commit(paris, operation);
      await world.drain();
      expect(Object.values(world.visible())).toContain('a file now');
      expect([...world.tree().nodes.values()].filter(({ kind }) => kind === 'file')).toHaveLength(1);
      expect(brokenInvariants(world)).toEqual([]);
    },
  );
});
