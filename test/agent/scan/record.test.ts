// What a scan saw is taken into the local tree while merges give nodes other ids, and the agent's own hand is at other names.
import { expect, test } from '@jest/globals';
import { record } from '../../../lib/agent/scan/record.ts';
import { newRound } from '../../../lib/agent/scan/round.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { Touched } from '../../../lib/agent/scan/touched.ts';
import type { Found, Known } from '../../../lib/core/identify.ts';
import { rootId } from '../../../lib/core/node.ts';

const times = { mtime: '0', born: '7', ctime: '2' };

function directory(id: string, parent: string, name: string, inode: string): Known {
  const kind = 'directory' as const;
  return { id, parent, name, kind, size: 0, mode: 0o755, hash: null, settled: true, inode, statMtime: '0', ...times };
}

function found(dir: string, path: string, inode: string): Found {
  const name = path.split('/').at(-1) ?? '';
  const rest = { size: 0, mode: 0o755, settled: true, ahead: false, heard: true, written: false };
  return { dir, name, path, kind: 'directory', inode, ...times, ...rest };
}

/** `a` and `d/b` changed places. */
function swapped(): { state: State; touched: Touched; round: ReturnType<typeof newRound> } {
  const state = new State(':memory:');
  state.now(() => {
    state.setLocal('d', directory('d', rootId, 'd', '1:1'));
    state.setLocal('mine', directory('mine', rootId, 'a', '1:10'));
    state.setLocal('other', directory('other', 'd', 'b', '1:12'));
  });
  const touched = new Touched();
  const round = newRound(touched.scan());
  round.found.push(found(rootId, 'a', '1:12'), found('d', 'd/b', '1:10'));
  round.missing.set('mine', 'a').set('other', 'd/b');
  return { state, touched, round };
}

function placesOf(state: State): readonly string[] {
  return [rootId, 'd'].flatMap((dir) => state.localChildren(dir).map(({ id, name }) => `${dir}/${name} ${id}`));
}

const unchanged = ['root/a mine', 'root/d d', 'd/b other'];

test('two directories that changed places keep their ids', () => {
  const { state, touched, round } = swapped();
  expect(state.now(() => record(state, touched, round)).again).toEqual([]);
  expect(placesOf(state).toSorted()).toEqual(['d/b mine', 'root/a other', 'root/d d']);
  state.close();
});

test('one was merged meanwhile: nothing is concluded of its name, or two would have it and one be there', () => {
  const { state, touched, round } = swapped();
  state.now(() => state.rekeyLocal('mine', 'theirs'));
  expect(state.now(() => record(state, touched, round)).again).toEqual(expect.arrayContaining(['a', 'd/b']));
  expect(placesOf(state).toSorted()).toEqual(unchanged.map((place) => place.replace('mine', 'theirs')).toSorted());
  state.close();
});

test('the agent is at one of the names: the other one is left alone, too', () => {
  const { state, touched, round } = swapped();
  touched.mark('d', 'b');
  expect(state.now(() => record(state, touched, round)).again).toEqual(expect.arrayContaining(['a', 'd/b']));
  expect(placesOf(state).toSorted()).toEqual(unchanged.toSorted());
  state.close();
});
