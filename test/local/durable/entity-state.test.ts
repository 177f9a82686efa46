// Who runs, who waits and who gets the lock of an entity: `news` in order, and what comes of them.
import { describe, expect, test } from '@jest/globals';
import type { EntityRequest } from '../../../lib/local/durable/entity-message.ts';
import { type EntityNews, type EntityState, plan, unborn } from '../../../lib/local/durable/entity-state.ts';

const request = (one: EntityRequest): EntityNews => ({ kind: 'request', request: one });
const call = (id: string, parent: string): EntityNews =>
  request({ id, op: 'add', parent, parentExecution: `of-${parent}` });
const signal = (id: string): EntityNews => request({ id, op: 'add', signal: true });
const lock = (id: string, parent: string): EntityNews =>
  request({ id, op: null, parent, parentExecution: `of-${parent}`, lockset: [{ name: 'e', key: 'k' }] });
const release = (id: string): EntityNews => ({ kind: 'release', id });

const everybody = (): boolean => true;
const without =
  (dead: string) =>
  (instance: string): boolean =>
    instance !== dead;

/** Ids of what runs, of locks granted, of what waits, and who holds the lock. */
function outcome(
  news: readonly EntityNews[],
  isAlive: (instance: string) => boolean = everybody,
  before: EntityState = unborn,
): unknown {
  const { batch, granted, state } = plan(before, news, isAlive);
  return {
    runs: batch.map(({ id }) => id).join(' '),
    granted: granted.map(({ id }) => id).join(' '),
    waits: (state.queue ?? []).map(({ id }) => id).join(' '),
    by: state.lockedBy,
  };
}

describe('an entity', () => {
  test('runs all that came, in order', () => {
    expect(outcome([signal('1'), call('2', 'a'), signal('3')])).toEqual({
      runs: '1 2 3',
      granted: '',
      waits: '',
      by: undefined,
    });
  });

  test('runs what came before a lock, and has the rest wait', () => {
    expect(outcome([signal('1'), lock('L', 'a'), signal('2'), call('3', 'b')])).toEqual({
      runs: '1',
      granted: 'L',
      waits: '2 3',
      by: 'a',
    });
  });

  test('runs what its holder asks, past those who wait', () => {
    const { state } = plan(unborn, [lock('L', 'a'), signal('1')], everybody);
    expect(outcome([call('2', 'a'), call('3', 'b')], everybody, state)).toEqual({
      runs: '2',
      granted: '',
      waits: '1 3',
      by: 'a',
    });
  });

  test('goes on in order of arrival when it is released: operations, then the next lock', () => {
    const { state } = plan(unborn, [lock('L', 'a'), signal('1'), lock('M', 'b'), signal('2')], everybody);
    expect(outcome([release('L')], everybody, state)).toEqual({ runs: '1', granted: 'M', waits: '2', by: 'b' });
  });

  test('is not released by who does not hold it, who then asks for nothing any more', () => {
    const { state } = plan(unborn, [lock('L', 'a'), lock('M', 'b')], everybody);
    expect(outcome([release('M')], everybody, state)).toEqual({ runs: '', granted: '', waits: '', by: 'a' });
    expect(outcome([release('X')], everybody, state)).toEqual({ runs: '', granted: '', waits: 'M', by: 'a' });
  });
});

describe('an execution that has ended', () => {
  test('holds nothing', () => {
    const { state } = plan(unborn, [lock('L', 'a'), signal('1')], everybody);
    expect(outcome([signal('2')], without('a'), state)).toEqual({ runs: '1 2', granted: '', waits: '', by: undefined });
  });

  test('is granted nothing', () => {
    expect(outcome([lock('L', 'a'), lock('M', 'b'), signal('1')], without('a'))).toEqual({
      runs: '',
      granted: 'M',
      waits: '1',
      by: 'b',
    });
  });
});
