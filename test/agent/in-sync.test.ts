// "In sync" is said of what the trees say, not of what the queues remember.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Known } from '../../lib/core/identify.ts';
import type { NodeId } from '../../lib/core/node.ts';
import { Problems } from '../../lib/agent/problems.ts';
import { Retry } from '../../lib/agent/retry.ts';
import { State } from '../../lib/agent/state/state.ts';
import { Stuck } from '../../lib/agent/plan/stuck.ts';
import { waitInSync } from '../../lib/local/hub/wait.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { contents, converge, TestSite, until } from './rig.ts';

describe('an endpoint', () => {
  let cloud: FakeCloud;
  let paris: TestSite;
  let tokyo: TestSite;
  let state: State;

  beforeEach(async () => {
    cloud = new FakeCloud();
    paris = new TestSite(cloud, 'paris');
    tokyo = new TestSite(cloud, 'tokyo');
    state = new State(':memory:');
    paris.user.writeFile('f', 'one');
    paris.watch = { drop: () => true };
    await paris.start({ state });
    await tokyo.start();
    await converge(cloud, paris, tokyo);
  });

  afterEach(async () => {
    await paris.agent?.stop();
    await tokyo.agent?.stop();
  });

  test.each([
    ['a new file', () => paris.user.writeFile('new', 'new')],
    ['an edit', () => paris.user.writeFile('f', 'two')],
    ['a move', () => paris.user.rename('f', 'g')],
    ['a delete', () => paris.user.rm('f')],
    ['a mode', () => paris.user.chmod('f', 0o600)],
  ])('that forgot to plan %s is not in sync before it did', async (_, change) => {
    const { onChange } = state;
    state.onChange = () => {};
    change();
    await paris.agent?.rescan();
    state.onChange = onChange;
    await converge(cloud, paris, tokyo);
    expect(cloud.namespace.log.filter(({ server }) => server === 'paris').length).toBe(2);
  });

  test('that forgot to do what others did is not in sync before it did', async () => {
    const { onChange } = state;
    state.onChange = () => {};
    tokyo.user.writeFile('new', 'new');
    await until('the row', () => paris.agent?.status().cursor === 2);
    state.onChange = onChange;
    await converge(cloud, paris, tokyo);
  });

  test('with a file that was replaced while it was open is not before what was written to it is a file', async () => {
    const open = paris.user.open('f');
    tokyo.user.writeFile('f', 'two');
    await converge(cloud, paris, tokyo);
    open.write(0, Buffer.from('written late'));
    await open.close();
    expect(await paris.agent?.settled(performance.now() + 5000)).toBe(true);
    expect(contents(cloud)).toEqual(['two', 'written late']);
  });
});

describe('a node whose turn does not come', () => {
  const seen = { inode: '1:2', born: '3', statMtime: '4', ctime: '5' };
  const some = { ...seen, size: 0, mtime: '1', mode: 0o700, hash: null, settled: true };
  let state: State;
  const waiting = new Map<NodeId, true>();
  const troubled = new Set<NodeId>();

  beforeEach(() => {
    state = new State(':memory:');
    waiting.clear();
    troubled.clear();
    const put = (id: string, parent: string, kind: Known['kind'] = 'directory'): void =>
      state.setLocal(id, { ...some, id, parent, kind, name: id });
    state.now(() => {
      for (const [id, parent] of [
        ['a', 'root'],
        ['b', 'a'],
        ['c', 'b'],
        ['other', 'root'],
      ] as const)
        put(id, parent);
    });
  });

  afterEach(() => state.close());

  function stuck(): readonly NodeId[] {
    const turns = { waiting: { has: () => false, ids: () => waiting.keys() }, troubled, changes: 1 };
    return new Stuck(state, { turns }, (id) => troubled.has(id)).nodes();
  }

  test('is stuck when nothing explains it', () => {
    waiting.set('c', true);
    waiting.set('other', true);
    expect(stuck()).toEqual(['c', 'other']);
    troubled.add('a');
    expect(stuck()).toEqual(['c', 'other']);
  });

  test('is not while it waits, over others, for what has a problem: a directory above, or something in it', () => {
    for (const id of ['b', 'c', 'other']) waiting.set(id, true);
    troubled.add('a');
    expect(stuck()).toEqual(['other']);
    waiting.set('a', true);
    troubled.delete('a');
    troubled.add('c');
    waiting.delete('c');
    expect(stuck()).toEqual(['other']);
  });
});

test('a node that is tried again and again without a problem to show is pending for as long as that takes', async () => {
  const clock = new VirtualClock();
  const ended = new AbortController();
  const problems = new Problems();
  let again = 0;
  const retry: Retry = new Retry({ clock, signal: ended.signal, problems, again: () => again++ });
  for (let tries = 1; tries <= 20; tries++) {
    retry.later('changing');
    retry.failed('failing', 'failing', Object.assign(new Error('no'), { code: 'EBUSY' }));
    expect([tries, retry.waiting, problems.all().length]).toEqual([tries, tries <= 8 ? 2 : 1, tries <= 8 ? 0 : 1]);
    while (again < 2 * tries) await new Promise((resolve) => setImmediate(resolve));
  }
  ended.abort();
});

test('sites that know the same rows are not in sync while one of them has yet to plan what follows', async () => {
  let asked = 0;
  const child = (pending: () => number) => ({
    ask: (request: { readonly do: string }) =>
      Promise.resolve(request.do === 'settled' ? true : { cursor: 7, pending: pending() }),
  });
  const children = new Map([
    ['a', child(() => 0)],
    ['b', child(() => (++asked < 3 ? 1 : 0))],
  ]);
  expect(await waitInSync(children, 5000, new AbortController().signal)).toEqual({ wait: 'in_sync' });
  expect(asked).toBe(3);
});
