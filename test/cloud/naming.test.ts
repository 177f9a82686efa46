// C1-C6: operations are named (endpoint, incarnation, n), and each name comes to one end, however often its message comes.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { claimIncarnation } from '../../lib/cloud/registry.ts';
import { endpointKey, endpointRow } from '../../lib/cloud/rows.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { at, type Blow } from '../support/life.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

const row = () => endpointRow.parse(world.table.get(group, endpointKey(paris.id))?.value);

describe('counting', () => {
  test('faults 4 and 8, C1 a message that comes again changes nothing, soon or after days', async () => {
    const message = paris.seal([paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two')]);
    await world.deliver(message);
    const before = world.rows();
    for (let again = 0; again < 3; again++) await world.deliver(message);
    world.clock.advance(8 * 24 * 3600_000);
    await world.deliver(message);
    expect(world.rows()).toEqual(before);
    expect(row().n).toBe(2);
  });

  test('C1 of a message that overlaps with what is done, the rest is done', async () => {
    const [a, b] = [paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two')];
    await world.deliver(paris.seal([a]));
    paris.seal([b]); // counted as sent, and lost
    await world.deliver(paris.sealFrom(1, [a, b]));
    expect(world.rows().map(({ n, outcome }) => [n, outcome])).toEqual([
      [1, 'applied'],
      [2, 'applied'],
    ]);
  });

  test('fault 5, C2 a gap is answered with the number to resend from, and nothing of the message is done', async () => {
    const [first, second] = [
      paris.seal([paris.create('root', 'a', 'one')]),
      paris.seal([paris.create('root', 'b', 'two')]),
    ];
    await world.deliver(second);
    expect(world.rows()).toEqual([]);
    const hint = { kind: 'resend', group, endpoint: paris.id, incarnation: 1, from: 1 };
    expect(world.hints).toEqual([{ to: paris.slot, hint }]);
    await world.deliver(first);
    await world.deliver(second);
    expect(world.visible()).toEqual({ a: 'one', b: 'two' });
  });

  test('C3 none uses up its number', async () => {
    await world.commit(paris, { kind: 'none' }, paris.create('root', 'a', 'one'));
    expect(world.rows()).toMatchObject([
      { n: 1, op: 'none', outcome: 'applied', effects: [] },
      { n: 2, outcome: 'applied' },
    ]);
  });
});

describe('incarnations', () => {
  test('C4 a new incarnation counts from 1, and messages of the old one are dropped', async () => {
    const old = paris.seal([paris.create('root', 'old', 'one')]);
    const claimed = await claimIncarnation(world.committer().cloud, group, paris.id, 'paris-2', 0);
    expect(claimed).toEqual({ incarnation: 2, n: 0 });
    await world.deliver(old);
    expect(world.rows()).toEqual([]);
    Object.assign(paris, { incarnation: 2, n: 0 });
    await world.commit(paris, paris.create('root', 'new', 'two'));
    expect(world.visible()).toEqual({ new: 'two' });
  });

  test.each<Blow>(['freeze-before', 'freeze-after'])(
    'C5a after a new incarnation is told, nothing of the old one is committed: %s each call',
    async (blow) => {
      await world.commit(paris, paris.create('root', 'a', 'one'));
      const claim = (holder: string): ReturnType<typeof claimIncarnation> =>
        claimIncarnation(world.committer().cloud, group, paris.id, holder, 0);
      let settling = 0;
      const calm = world.committer();
      await calm.commit(paris.seal([paris.create('root', 'b', 'two')]));
      for (const index of calm.life.calls.keys()) {
        const { incarnation } = row();
        const message = paris.seal([paris.create('root', `b${index}`, 'two')]);
        const zombie = world.committer(at(index, blow));
        const late = zombie.commit(message).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
        await Promise.race([late, zombie.life.frozen]);
        const first = await claim(`${blow} ${index}`).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'settling' });
          settling++;
        });
        if (first === undefined) {
          await world.deliver(message);
          expect(await claim(`${blow} ${index}`)).toEqual({ incarnation: incarnation + 1, n: 0 });
        }
        const told = world.rows();
        zombie.life.thaw();
        await late;
        await world.deliver(message);
        expect({ index, rows: world.rows() }).toEqual({ index, rows: told });
        Object.assign(paris, { incarnation: incarnation + 1, n: 0 });
      }
      expect(settling).toBeGreaterThan(0);
    },
  );

  test('C5 the holder may confirm its incarnation, a clone of its state may not', async () => {
    const { cloud } = world.committer();
    await world.commit(paris, { kind: 'none' });
    expect(await claimIncarnation(cloud, group, paris.id, 'paris-1', 1)).toEqual({ incarnation: 1, n: 1 });
    await claimIncarnation(cloud, group, paris.id, 'the copy', 0);
    await expect(claimIncarnation(cloud, group, paris.id, 'paris-1', 1)).rejects.toMatchObject({ code: 'clone' });
    await expect(claimIncarnation(cloud, group, paris.id, 'another', 2)).rejects.toMatchObject({ code: 'clone' });
    Object.assign(paris, { incarnation: 2, n: 0 });
  });

  test('C5 of two that ask at once each gets an incarnation of its own', async () => {
    const claims = await Promise.all(
      ['one', 'two', 'three'].map((holder) => claimIncarnation(world.committer().cloud, group, paris.id, holder, 0)),
    );
    expect(claims.map(({ incarnation }) => incarnation).toSorted((a, b) => a - b)).toEqual([2, 3, 4]);
    const last = claims.findIndex(({ incarnation }) => incarnation === 4);
    expect(row()).toMatchObject({ incarnation: 4, holder: ['one', 'two', 'three'][last], n: 0 });
  });

  test('C6 an id of another endpoint or incarnation cannot be proposed', async () => {
    const tokyo = await world.endpoint('tokyo');
    const stolen = { ...paris.create('root', 'a', 'one'), node: tokyo.newId() };
    const early = { ...paris.mkdir('root', 'd'), node: `${paris.id}-2-1` };
    expect(await world.commit(paris, stolen, early)).toMatchObject([
      { outcome: 'rejected', code: 'id_foreign' },
      { outcome: 'rejected', code: 'id_foreign' },
    ]);
  });

  test("C6 the root is nobody's to change", async () => {
    await world.commit(paris, paris.create('root', 'a', 'one'));
    const edit = { ...paris.edit(world.node('a'), 'two'), node: 'root' };
    await world.commit(
      paris,
      edit,
      { kind: 'move', node: 'root', parent: 'root', name: 'b' },
      { kind: 'rmdir', node: 'root', asOf: world.head },
    );
    expect(world.rows(2).map(({ code }) => code)).toEqual(['id_foreign', 'id_foreign', 'id_foreign']);
  });

  test('C6 an id is used once', async () => {
    const first = paris.create('root', 'a', 'one');
    const second = { ...paris.create('root', 'b', 'two'), node: first.node };
    await world.commit(paris, first, second);
    expect(paris.outcome(2)).toMatchObject({ outcome: 'rejected', code: 'id_taken' });
    expect(world.visible()).toEqual({ a: 'one' });
  });
});
