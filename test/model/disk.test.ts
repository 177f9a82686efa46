// What a killed process had not written down, and what the checker therefore does not ask of the next one.
import { expect, test } from '@jest/globals';
import type { State } from '../../lib/agent/state/state.ts';
import type { Known } from '../../lib/core/identify.ts';
import type { NodeState } from '../../lib/core/node.ts';
import { Disk } from './disk.ts';
import { Run } from './run.ts';
import { weatherOf } from './weather.ts';

const node = { id: 'node-1', parent: 'root', name: 'a', kind: 'file', version: 1, hash: null } as NodeState;
const entry: Known = {
  id: 'node-1',
  parent: 'root',
  name: 'a',
  kind: 'file',
  size: 1,
  mtime: '1',
  mode: 0o644,
  hash: 'of what came',
  settled: true,
  inode: '1:1',
  born: '1',
  statMtime: '1',
  ctime: '1',
};

/** By the death of the process alone. */
function backAfter(work: (state: State) => void): readonly string[] {
  const run = new Run(1, weatherOf(1));
  const disk = new Disk(undefined);
  work(disk.open(run, () => false));
  disk.after(true, run.chance);
  return [...run.ledger.back];
}

test('what came from elsewhere and was not written down may live, though somebody deletes it there', () => {
  const place = (state: State): void => {
    state.now(() => state.setRemote(node));
    state.writes.save();
    state.now(() => state.setLocal(entry.id, entry));
  };
  expect(backAfter(place)).toEqual(['of what came']);
});

test('nor is it known of a new content under an old name where it came from', () => {
  const replace = (state: State): void => {
    state.now(() => {
      state.setRemote(node);
      state.setLocal(entry.id, { ...entry, hash: 'of before' });
    });
    state.writes.save();
    state.now(() => state.setLocal(entry.id, entry));
  };
  expect(backAfter(replace)).toEqual(['of what came']);
});

test('what was written down may not', () => {
  const place = (state: State): void => {
    state.now(() => {
      state.setRemote(node);
      state.setLocal(entry.id, entry);
    });
    state.writes.save();
  };
  expect(backAfter(place)).toEqual([]);
});

test('nor what was made here: of that nobody else knows', () => {
  expect(backAfter((state) => state.now(() => state.setLocal(entry.id, entry)))).toEqual([]);
});
