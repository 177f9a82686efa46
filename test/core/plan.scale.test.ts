// The planner's cost follows what is dirty, not the tree. Limits are several times what is needed, for a loaded machine.
import { describe, expect, test } from '@jest/globals';
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { MemoryTrees } from '../../lib/core/memory-trees.ts';
import { plan } from '../../lib/core/plan.ts';
import type { Local, Trees } from '../../lib/core/trees.ts';
import { localOf, remoteOf, syncedOf } from '../support/tiny-trees.ts';

const many = 100_000;

/** `count` files in sync, `files` in each directory; `gone` ones are not here. */
function inSync(count: number, files: number, gone = false): MemoryTrees {
  const trees = new MemoryTrees();
  const add = (id: NodeId, spec: string): void => {
    if (!gone) trees.locals.set(localOf(id, spec));
    trees.synceds.set(syncedOf(id, spec));
    trees.remotes.set(remoteOf(id, spec));
  };
  for (let i = 0; i < count; i++) {
    const directory = `d${Math.floor(i / files)}`;
    if (i % files === 0) add(directory, `root/${directory}/`);
    add(`f${i}`, `${directory}/f${i}=x`);
  }
  return trees;
}

/** Of the processor's time: how busy the machine is with others does not count. */
function milliseconds(work: () => void): number {
  const began = process.cpuUsage();
  work();
  return process.cpuUsage(began).user / 1000;
}

/** Counts every look at a node. */
function counted(trees: MemoryTrees): { trees: Trees; looks: () => number } {
  let looks = 0;
  const handler: ProxyHandler<MemoryTrees> = {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        looks++;
        const result: unknown = Reflect.apply(value, target, args);
        if (typeof key === 'string' && key.endsWith('Children')) looks += [...(result as Iterable<unknown>)].length;
        return result;
      };
    },
  };
  return { trees: new Proxy(trees, handler), looks: () => looks };
}

describe('P12 cost', () => {
  test('100,000 dirty nodes in well under 2 s', () => {
    const trees = inSync(many, 1000);
    const dirty = [...trees.locals.all()].map((local): Local => ({
      ...local,
      hash: local.kind === 'file' ? 'y' : null,
    }));
    for (const local of dirty) trees.locals.set(local);
    const ids = dirty.map(({ id }) => id);
    let proposals = 0;
    expect(milliseconds(() => (proposals = plan(trees, ids).proposals.length))).toBeLessThan(2000);
    expect(proposals).toBe(many);
  });

  test('100,000 names shifted by one: a chain as long', () => {
    const trees = new MemoryTrees();
    for (let i = 0; i < many; i++) {
      trees.locals.set(localOf(`f${i}`, `root/${i + 1}=x`));
      trees.synceds.set(syncedOf(`f${i}`, `root/${i}=x`));
      trees.remotes.set(remoteOf(`f${i}`, `root/${i}=x`));
    }
    const { proposals, later } = plan(
      trees,
      [...trees.locals.all()].map(({ id }) => id),
    );
    expect(later).toEqual([]);
    expect(proposals.length).toBe(many);
    expect(proposals[0]).toEqual({ kind: 'move', node: `f${many - 1}`, parent: rootId, name: String(many) });
  });

  test('10,000 swaps: as many circles', () => {
    const trees = new MemoryTrees();
    for (let i = 0; i < 20_000; i++) {
      trees.locals.set(localOf(`f${i}`, `root/${i ^ 1}=x`));
      trees.synceds.set(syncedOf(`f${i}`, `root/${i}=x`));
      trees.remotes.set(remoteOf(`f${i}`, `root/${i}=x`));
    }
    const ids = [...trees.locals.all()].map(({ id }) => id);
    let proposals = 0;
    expect(milliseconds(() => (proposals = plan(trees, ids).proposals.length))).toBeLessThan(2000);
    expect(proposals).toBe(20_000);
  });

  test('one circle of 2,000 names: one temporary name', () => {
    const trees = new MemoryTrees();
    for (let i = 0; i < 2000; i++) {
      trees.locals.set(localOf(`f${i}`, `root/${(i + 1) % 2000}=x`));
      trees.synceds.set(syncedOf(`f${i}`, `root/${i}=x`));
      trees.remotes.set(remoteOf(`f${i}`, `root/${i}=x`));
    }
    const { proposals, later } = plan(trees, ['f77']);
    expect(proposals.length).toBe(2000);
    expect(proposals.filter((one) => one.kind === 'move' && one.name.endsWith('.tmp'))).toHaveLength(1);
    expect(later).toHaveLength(1);
  });

  test('a deleted directory of 100,000 files: one walk, one operation', () => {
    const trees = inSync(many, many, true);
    const ids = [...trees.remotes.all()].map(({ id }) => id);
    let made = plan(new MemoryTrees(), []);
    expect(milliseconds(() => (made = plan(trees, ids)))).toBeLessThan(2000);
    expect(made.proposals).toEqual([{ kind: 'rmdir', node: 'd0' }]);
  });

  test.each([
    ['an edit', { hash: 'y' }],
    ['a rename', { name: 'other' }],
  ])('one dirty node of 10,000, %s: a handful of looks', (_, change) => {
    const trees = inSync(10_000, 1000);
    const local = trees.local('f7001');
    if (local === undefined) throw new Error('no f7001');
    trees.locals.set({ ...local, ...change });
    const { trees: watched, looks } = counted(trees);
    expect(plan(watched, ['f7001']).proposals).toHaveLength(1);
    expect(looks()).toBeLessThan(30);
  });

  test('the rename of a directory with 10,000 files is one move, without a look below', () => {
    const trees = inSync(10_000, 10_000);
    const local = trees.local('d0');
    if (local === undefined) throw new Error('no d0');
    trees.locals.set({ ...local, name: 'other' });
    const { trees: watched, looks } = counted(trees);
    expect(plan(watched, ['d0']).proposals).toEqual([{ kind: 'move', node: 'd0', parent: rootId, name: 'other' }]);
    expect(looks()).toBeLessThan(30);
  });
});
