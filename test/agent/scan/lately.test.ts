// A file that is renamed on between the looks at two of its names is at neither; the next look meets it under a third one.
import { expect, test } from '@jest/globals';
import { Lately } from '../../../lib/agent/scan/lately.ts';
import { record } from '../../../lib/agent/scan/record.ts';
import { newRound } from '../../../lib/agent/scan/round.ts';
import { Touched } from '../../../lib/agent/scan/touched.ts';
import { State } from '../../../lib/agent/state/state.ts';
import type { Found, Known } from '../../../lib/core/identify.ts';
import { rootId } from '../../../lib/core/node.ts';

const stat = { size: 3, mtime: '5', ctime: '5', mode: 0o644, settled: true, inode: '1:7', born: '4' };
const known: Known = { ...stat, id: 'f', parent: rootId, name: 'a', kind: 'file', hash: 'h', statMtime: '5' };
const again: Found = {
  ...stat,
  ctime: '6',
  dir: rootId,
  name: 'c',
  path: 'c',
  kind: 'file',
  ahead: false,
  heard: true,
  written: false,
};

/** The id and hash under which it is known after a look that met it nowhere, `ms`, and a look that met it. */
function met(found: Found, ms: number, meanwhile: (state: State) => void = () => {}): readonly unknown[] {
  let now = 0;
  const lately = new Lately({ now: () => now, monotonic: () => now, sleep: () => Promise.resolve() });
  const touched = new Touched();
  const state = new State(':memory:');
  const look = (...seen: readonly Found[]): void => {
    const round = newRound(touched.scan());
    round.found.push(...seen);
    if (seen.length === 0) round.missing.set('f', 'a');
    state.now(() => record(state, touched, round, lately));
  };
  state.now(() => {
    state.setLocal('f', known);
    state.setSynced('f', { ...known, version: 1 });
  });
  look();
  expect(state.local('f')).toBeUndefined();
  now += ms;
  meanwhile(state);
  look(found);
  const entry = state.localAt(rootId, 'c');
  state.close();
  return [entry?.id === 'f' ? 'moved' : 'new', entry?.hash ?? null];
}

test('met again soon, it has moved', () => {
  expect(met(again, 50)).toEqual(['moved', 'h']);
});

test('and was written to: it has moved and changed', () => {
  expect(met({ ...again, size: 4, mtime: '6' }, 50)).toEqual(['moved', null]);
});

test.each<[string, Found, number, (state: State) => void]>([
  ['long after', again, 1500, () => {}],
  ['another file with its number', { ...again, born: '9' }, 50, () => {}],
  ['a directory with its number', { ...again, kind: 'directory' }, 50, () => {}],
  ['its delete is on the way', again, 50, (state) => state.busy.add('f')],
  ['it is not synced any more', again, 50, (state) => state.setSynced('f', null)],
])('%s: it is new', (_, found, ms, meanwhile) => {
  expect(met(found, ms, meanwhile)[0]).toBe('new');
});
