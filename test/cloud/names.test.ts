// Hostile names on their way to the share and back. The share in memory refuses what Azure Files refuses.
import { describe, expect, test } from '@jest/globals';
import fc from '../support/property.ts';
import { utf8Length } from '../../lib/core/conflict-name.ts';
import { fold } from '../../lib/core/fold.ts';
import { linuxName, markedShareName } from '../../lib/core/share-name.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';

const hostile = [
  'two\nlines',
  `both "kinds" of 'quotes'`,
  '10:30',
  'CON',
  'con.txt',
  'dot.',
  'dot',
  'dots...',
  'space ',
  'space',
  '\u0130',
  'i\u0307',
  'stra\u00dfe',
  'stra\u1e9ee',
  'strasse',
  ' ',
  'emoji \u{1f600}',
  'caf\u00e9',
  'cafe\u0301',
  '\udcff\udcfe is no UTF-8',
  'A',
  'a',
  '\uf022',
  ':',
  '\u007f',
  '\u0085',
  '*?<>|\\',
  'x'.repeat(255),
  '漢'.repeat(85),
  '\u{1f600}'.repeat(63),
  '%2F',
  '.tideway.',
  '-rf',
];

describe('names of sites', () => {
  test('faults 41 and 42: each is committed, told back, and merged with none', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    const rows = await world.commit(paris, ...hostile.map((name) => paris.create('root', name, name)));
    expect(rows.map(({ outcome }) => outcome)).toEqual(hostile.map(() => 'applied'));
    const tree = world.tree();
    for (const name of hostile)
      expect(world.share.find(tree.sharePathOf(world.node(name).id))?.content).toEqual(Buffer.from(name));
    // As a Linux client shows the listing: the names that have no mark are the sites' own.
    const shown = world.share.root.children;
    const marked = [...tree.nodes.values()].filter((node) => node.share !== undefined).map(({ name }) => name);
    expect(marked.toSorted()).toEqual(
      ['CON', 'con.txt', '\udcff\udcfe is no UTF-8', 'a', '\uf022', '\u007f', '\u0085'].toSorted(),
    );
    const listed = [...shown.values()].map(({ name }) => linuxName(name)).filter((name) => name !== '.tideway');
    expect(hostile.filter((name) => !listed.includes(name)).toSorted()).toEqual(marked.toSorted());
    expect(listed).toHaveLength(hostile.length);
    // Nothing is found that was not there.
    const before = world.head;
    await world.detect();
    expect(world.head).toBe(before);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('they move, change and go as others do', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    await world.commit(
      paris,
      paris.mkdir('root', 'CON'),
      ...hostile.map((name) => paris.create('root', `x-${name}`.slice(0, 60), name)),
    );
    const dir = world.node('CON').id;
    const nodes = [...world.tree().nodes.values()].filter(({ kind }) => kind === 'file');
    const moves = nodes.map((node, index) => ({
      kind: 'move' as const,
      node: node.id,
      parent: dir,
      name: hostile[index] ?? '',
    }));
    expect((await world.commit(paris, ...moves)).map(({ outcome }) => outcome)).toEqual(hostile.map(() => 'applied'));
    await world.commit(paris, ...hostile.map((name) => paris.edit(world.node(`CON/${name}`), `${name} 2`, { at: 5 })));
    expect(brokenInvariants(world)).toEqual([]);
    const gone = hostile
      .map((name) => world.node(`CON/${name}`))
      .map(({ id, version }) => ({ kind: 'delete' as const, node: id, base: version }));
    await world.commit(paris, ...gone);
    expect(world.visible()).toEqual({ [world.tree().sharePathOf(dir)]: '/' });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a name that is what the mark of another would be is kept apart', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    const con = paris.create('root', 'con', 'device');
    await world.commit(paris, paris.create('root', markedShareName('con', con.node), 'was here first'));
    await world.commit(paris, con);
    expect(Object.values(world.visible()).toSorted()).toEqual(['device', 'was here first']);
    expect(world.node('con').share).toBe(markedShareName('con', con.node, 1));
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('any names of one directory, proposed by two sites, are all there with their own names', async () => {
    const name = fc
      .string({
        unit: fc.constantFrom('a', 'A', 'é', 'É', '.', ' ', ':', '\uf022', '"', '\n', 'con', '\udc80', '\u0085'),
        minLength: 1,
        maxLength: 4,
      })
      .filter((text) => text !== '.' && text !== '..' && utf8Length(text) <= 255);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), fc.boolean(), async (names, together) => {
        const world = await CloudWorld.create();
        const sites = [await world.endpoint('paris'), await world.endpoint('tokyo')];
        const creates = names.map((each, index) => {
          const site = sites[index % 2] ?? sites[0];
          if (site === undefined) throw new Error('no site');
          return { site, operation: site.create('root', each, each) };
        });
        for (const site of sites) {
          const own = creates.filter((each) => each.site === site).map(({ operation }) => operation);
          if (together && own.length > 0) await world.commit(site, ...own);
          else for (const operation of own) await world.commit(site, operation);
        }
        const tree = world.tree();
        expect([...tree.nodes.values()].map((node) => node.name).toSorted()).toEqual(names.toSorted());
        const spelled = [...tree.nodes.values()].map((node) => fold(node.share ?? tree.sharePathOf(node.id)));
        expect(new Set(spelled).size).toBe(names.length);
        expect(brokenInvariants(world)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('names of the share', () => {
  // What a Linux client with `mapposix` wrote is what it meant; what nobody mapped is as it is spelled.
  test.each([
    ['two\uf00alines', 'two\nlines'],
    ['10\uf02230', '10:30'],
    ['dot\uf029', 'dot.'],
    ['a\uf028b', 'a b'],
    ['con.txt', 'con.txt'],
    ['\uf029', '\uf029'],
    ['.\uf029', '.\uf029'],
    ['a\uf0ffb', 'a\uf0ffb'],
    ['漢'.repeat(100), '漢'.repeat(100)],
  ])('%j is found as %j', async (share, name) => {
    const world = await CloudWorld.create();
    world.save(share, 'made there');
    await world.examine(share);
    expect([...world.tree().byPath().keys()]).toEqual([name]);
    world.save(share, 'changed there');
    await world.detect();
    expect(world.node(name).size).toBe('changed there'.length);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test.each(['\uf029', 'a\uf0ffb', 'con.txt', 'dot\uf029'])(
    '%j in the way of a site is kept beside it',
    async (share) => {
      const world = await CloudWorld.create();
      const paris = await world.endpoint('paris');
      await world.commit(paris, paris.mkdir('root', 'd'));
      world.save(`d/${share}`, 'one');
      await world.examine(`d/${share}`);
      const [found] = [...world.tree().nodes.values()].filter(({ kind }) => kind === 'file');
      if (found === undefined) throw new Error('nothing was found');
      world.save(`d/${share}`, 'another');
      await world.commit(paris, paris.edit(found, 'ours'));
      await world.detect();
      expect(Object.values(world.visible()).toSorted()).toEqual(['/', 'another', 'ours']);
      expect(brokenInvariants(world)).toEqual([]);
    },
  );

  test('two spellings that a Linux client shows alike are two files', async () => {
    const world = await CloudWorld.create();
    for (const share of ['a b', 'a\uf028b']) world.save(share, share);
    await world.examine('');
    expect([...world.tree().byPath().keys()].toSorted()).toEqual(['a b', 'a b-Cloud']);
    expect(brokenInvariants(world)).toEqual([]);
  });
});
