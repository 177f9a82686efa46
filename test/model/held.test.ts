// What follows from a refusal. A node that was refused too often is left alone, but not for ever: what was in its way may go without a row that tells.
import { expect, test } from '@jest/globals';
import { Outcomes } from '../../lib/agent/follow/outcome.ts';
import { State } from '../../lib/agent/state/state.ts';
import type { NodeState } from '../../lib/core/node.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import { Scheduler } from './scheduler.ts';

const node = { id: 'node-1', parent: 'root', name: 'd', kind: 'directory', version: 0 } as NodeState;
const refused = { outcome: 'rejected', code: 'stale', node: node.id, effects: [] } as unknown as LogRow;

function refuse(state: State, clock: Scheduler, code: string): void {
  const outcomes = new Outcomes({ state, clock, signal: new AbortController().signal });
  const row = { ...refused, code };
  for (let times = 0; times < 5; times++)
    state.now(() => outcomes.take({ kind: 'rmdir', node: node.id, asOf: times }, row));
}

test('it is tried again after a while', async () => {
  const state = new State(':memory:');
  const clock = new Scheduler();
  state.now(() => state.setRemote(node));
  refuse(state, clock, 'stale');
  expect(state.held(node.id)).toBe('stale');
  await clock.run(() => state.held(node.id) === undefined, 2000);
  expect(state.held(node.id)).toBeUndefined();
  state.close();
});

test('what is wrong with the node itself stays wrong', async () => {
  const state = new State(':memory:');
  const clock = new Scheduler();
  state.now(() => state.setRemote(node));
  refuse(state, clock, 'name_too_long');
  await clock.run(() => false, 3600_000);
  expect(state.held(node.id)).toBe('name_too_long');
  state.close();
});

test('it is free when it is gone at the other side', () => {
  const state = new State(':memory:');
  state.now(() => state.setRemote(node));
  state.hold(node.id, 'name_too_long');
  state.now(() => state.dropRemote(node.id));
  expect(state.held(node.id)).toBeUndefined();
  state.close();
});

test.each(['id_taken', 'id_foreign'])('%s: it gets another id, and those in it follow', (code) => {
  const state = new State(':memory:');
  const outcomes = new Outcomes({ state, clock: new Scheduler(), signal: new AbortController().signal });
  const entry = {
    size: 0,
    mtime: '0',
    mode: 0o755,
    hash: null,
    settled: true,
    inode: '1:1',
    born: '0',
    statMtime: '0',
    ctime: '0',
  };
  state.now(() => {
    state.setLocal('dir', { ...entry, id: 'dir', parent: 'root', name: 'd', kind: 'directory' });
    state.setLocal('file', { ...entry, id: 'file', parent: 'dir', name: 'f', kind: 'file' });
  });
  const mkdir = { kind: 'mkdir', node: 'dir', parent: 'root', name: 'd', mode: 0o755 } as const;
  state.now(() => outcomes.take(mkdir, { ...refused, code }));
  expect(state.local('dir')).toBeUndefined();
  expect(state.pathOf('file')).toBe('d/f');
  expect(state.localAt('root', 'd')?.id).not.toBe('dir');
  state.close();
});
