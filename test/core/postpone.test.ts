import { describe, expect, test } from '@jest/globals';
import fc from '../support/property.ts';
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { plan } from '../../lib/core/plan.ts';
import { dueAt, isDue, Postponed, type Vanished } from '../../lib/core/postpone.ts';
import type { MemoryTrees } from '../../lib/core/memory-trees.ts';
import { localOf, tinyTrees, type Specs } from '../support/tiny-trees.ts';

const gone = (first: number, last: number, count: number): Vanished => ({ first, last, count });

describe('P24 when deletes are due', () => {
  test.each([
    ['one, just now', gone(1000, 1000, 1), 1000, 1000, false, 1100],
    ['one, a moment ago', gone(1000, 1000, 1), 1099, 1099, false, 1100],
    ['one, and quiet since', gone(1000, 1000, 1), 1100, 1100, true, 1100],
    ['quiet as far as is known, but the site is being looked at', gone(1000, 1000, 1), 1300, 1050, false, 1100],
    ['others went after it', gone(1000, 1090, 1), 1150, 1150, false, 1190],
    ['others go on and on', gone(1000, 5990, 1), 5999, 5999, false, 6000],
    ['others went on for too long', gone(1000, 5990, 1), 6000, 6000, true, 6000],
    ['too long also where the site is being looked at', gone(1000, 5990, 1), 6000, 5990, true, 6000],
    ['so many that to send them would take longer', gone(1000, 9990, 3000), 9999, 9999, false, 10_000],
    ['as long as that by now', gone(1000, 9990, 3000), 10_000, 10_000, true, 10_000],
  ])('%s', (_, vanished, now, seen, due, at) => {
    expect(isDue(vanished, now, seen)).toBe(due);
    expect(dueAt(vanished)).toBe(at);
  });
});

/** `dir` with `a`, `b` and `dir/sub` with `c`; `other` with `d`; all of it synced. */
const all: Specs = {
  dir: 'root/dir/',
  a: 'dir/a=x',
  b: 'dir/b=x',
  sub: 'dir/sub/',
  c: 'sub/c=x',
  other: 'root/other/',
  d: 'other/d=x',
};

function site(specs: Specs = all): { trees: MemoryTrees; postponed: Postponed } {
  const trees = tinyTrees({ local: specs, synced: specs, remote: specs });
  return { trees, postponed: new Postponed(trees) };
}

function remove(trees: MemoryTrees, ...ids: readonly NodeId[]): void {
  for (const id of ids) trees.locals.delete(id);
}

describe('P24 deletes that wait for more of them', () => {
  test('one waits for quiet, and no longer', () => {
    const { trees, postponed } = site();
    remove(trees, 'a');
    expect(postponed.take('a', 0)).toBe(true);
    expect([postponed.size, postponed.next()]).toEqual([1, 100]);
    expect(postponed.due(99, 99)).toEqual([]);
    expect(postponed.due(100, 100)).toEqual(['a']);
    expect([postponed.size, postponed.next()]).toEqual([0, undefined]);
  });

  test('a file at the root waits, too: it may have been renamed on; a directory there does not', () => {
    const { trees, postponed } = site({ top: 'root/top=x', next: 'root/next=x', dir: 'root/dir/' });
    remove(trees, 'top', 'next', 'dir');
    expect(postponed.take('dir', 0)).toBe(false);
    expect([postponed.take('top', 0), postponed.take('next', 60)]).toEqual([true, true]);
    expect(postponed.due(159, 159)).toEqual([]);
    expect(postponed.due(160, 160)).toEqual(['top', 'next']);
    expect([postponed.size, postponed.next()]).toEqual([0, undefined]);
  });

  test('a tree that goes name by name ends as its topmost directory alone', () => {
    const { trees, postponed } = site({ ...all, top: 'root/top/', dir: 'top/dir/' });
    for (const [at, id] of ['c', 'sub', 'a', 'b', 'dir'].entries()) {
      remove(trees, id);
      expect(postponed.take(id, at * 90)).toBe(true);
      expect(postponed.due(at * 90 + 89, at * 90 + 89)).toEqual([]);
    }
    expect(postponed.due(460, 460)).toEqual(['dir']);
    expect(postponed.size).toBe(0);
    expect(plan(trees, ['dir']).proposals).toEqual([{ kind: 'rmdir', node: 'dir' }]);
  });

  test('what goes in another directory holds up nothing', () => {
    const { trees, postponed } = site();
    remove(trees, 'a', 'd');
    postponed.take('a', 0);
    postponed.take('d', 90);
    expect(postponed.due(100, 100)).toEqual(['a']);
    expect(postponed.next()).toBe(190);
  });

  test('what is left where it was deletes nothing but what went', () => {
    const { trees, postponed } = site();
    remove(trees, 'a', 'sub', 'c');
    for (const id of ['c', 'sub', 'a']) postponed.take(id, 0);
    expect(postponed.due(100, 100).toSorted()).toEqual(['a', 'sub']);
  });

  test('the site itself stays, so what is gone from it waits for nothing', () => {
    const { trees, postponed } = site();
    remove(trees, 'c', 'sub', 'a', 'b');
    for (const id of ['c', 'sub', 'a', 'b']) postponed.take(id, 0);
    remove(trees, 'dir');
    expect(postponed.take('dir', 1)).toBe(false);
    expect(postponed.size).toBe(0);
  });

  test('nothing else waits: what is here, new, changed there, or gone there too', () => {
    const { trees, postponed } = site();
    trees.locals.set(localOf('new', 'dir/new=y'));
    remove(trees, 'a', 'b');
    trees.setRemote('a', { ...must(trees.remote('a')), version: 7 });
    trees.setRemote('b', null);
    for (const id of ['new', 'a', 'b', 'c', 'dir', 'unknown', rootId]) expect(postponed.take(id, 0)).toBe(false);
  });

  test.each([
    ['is back', (trees: MemoryTrees) => trees.locals.set(localOf('a', 'dir/a=z'))],
    ['has new content there', (trees: MemoryTrees) => trees.setRemote('a', { ...must(trees.remote('a')), version: 7 })],
    ['is gone there too', (trees: MemoryTrees) => trees.setRemote('a', null)],
  ])('what %s meanwhile is planned at once', (_, change) => {
    const { trees, postponed } = site();
    remove(trees, 'a');
    postponed.take('a', 0);
    change(trees);
    expect(postponed.take('a', 1)).toBe(false);
    expect(postponed.size).toBe(0);
  });

  test.each([
    ['is made', 'new', 'dir/A=y'],
    ['is moved into it', 'd', 'dir/A=x'],
    ['is renamed in it', 'b', 'dir/A=x'],
  ])('a name that %s hastens what is gone from the directory, whose name it may need', (_, id, spec) => {
    const { trees, postponed } = site();
    remove(trees, 'a', 'c');
    postponed.take('a', 0);
    postponed.take('c', 0);
    trees.locals.set(localOf(id, spec));
    expect(postponed.take(id, 1)).toBe(false);
    expect(postponed.hastened()).toEqual(['a']);
    expect(postponed.hastened()).toEqual([]);
    expect(postponed.due(100, 100)).toEqual(['c']);
  });

  test('an edit hastens nothing', () => {
    const { trees, postponed } = site();
    remove(trees, 'a');
    postponed.take('a', 0);
    trees.locals.set(localOf('b', 'dir/b=y'));
    postponed.take('b', 1);
    expect(postponed.hastened()).toEqual([]);
  });

  test('what others move elsewhere waits there', () => {
    const { trees, postponed } = site();
    remove(trees, 'a', 'd');
    postponed.take('a', 0);
    trees.setRemote('a', { ...must(trees.remote('a')), parent: 'other' });
    postponed.take('a', 50);
    postponed.take('d', 60);
    expect(postponed.due(150, 150)).toEqual([]);
    expect(postponed.due(160, 160).toSorted()).toEqual(['a', 'd']);
  });

  test('while more goes on elsewhere below, one waits for so long at most', () => {
    const { trees, postponed } = site();
    remove(trees, 'a');
    postponed.take('a', 0);
    let released: readonly NodeId[] = [];
    let now = 0;
    for (; released.length === 0 && now < 60_000; now += 50) {
      trees.locals.set(localOf('c', 'sub/c=x'));
      postponed.take('c', now);
      remove(trees, 'c');
      postponed.take('c', now);
      released = postponed.due(now, now);
    }
    expect(released).toContain('a');
    expect(now).toBeLessThan(5200);
  });
});

describe('P24 whatever goes, in whatever order and time', () => {
  const tree = fc.array(fc.record({ above: fc.nat(30), directory: fc.boolean() }), { minLength: 1, maxLength: 30 });

  const pause = fc.oneof(fc.array(fc.nat(3)), fc.array(fc.nat(300)));

  function specsOf(shape: readonly { above: number; directory: boolean }[]): Specs {
    const specs: Record<NodeId, string> = {};
    const directories: NodeId[] = [rootId];
    for (const [index, { above, directory }] of shape.entries()) {
      const parent = must(directories[above % directories.length]);
      specs[`n${index}`] = `${parent}/n${index}${directory ? '/' : '=x'}`;
      if (directory) directories.push(`n${index}`);
    }
    return specs;
  }

  /** From the leaves up, as `rm` does, and what is below goes with its directory. */
  function goners(specs: Specs, wanted: readonly number[]): NodeId[] {
    const ids = Object.keys(specs);
    const parentOf = (id: NodeId): NodeId => must(specs[id]).split('/', 1)[0] ?? '';
    const chosen = new Set(wanted.map((one) => must(ids[one % ids.length])));
    for (const id of ids) if (chosen.has(parentOf(id))) chosen.add(id);
    return ids.filter((id) => chosen.has(id)).toReversed();
  }

  test('all that is gone is planned or goes with a directory that is, each once, soon after the last', () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(30), { minLength: 1 }), pause, (shape, wanted, pauses) => {
        const specs = specsOf(shape);
        const { trees, postponed } = site(specs);
        const deleted: NodeId[] = [];
        const step = (ids: readonly NodeId[]): void => {
          for (const proposal of plan(trees, ids).proposals) {
            expect(['delete', 'rmdir']).toContain(proposal.kind);
            deleted.push(proposal.node);
            const below = [proposal.node];
            for (let at = below.pop(); at !== undefined; at = below.pop()) {
              for (const { id } of trees.remoteChildren(at)) below.push(id);
              // Nothing is deleted that is here, and nothing twice.
              expect(trees.local(at)).toBeUndefined();
              trees.setRemote(at, null);
              trees.setSynced(at, null);
            }
          }
        };
        let now = 0;
        const going = goners(specs, wanted);
        for (const [index, id] of going.entries()) {
          remove(trees, id);
          if (!postponed.take(id, now)) step([id]);
          now += pauses[index % Math.max(pauses.length, 1)] ?? 0;
          step(postponed.due(now, now));
        }
        step(postponed.due(now + 100, now + 100));
        expect([postponed.size, postponed.next()]).toEqual([0, undefined]);
        for (const id of going) expect(trees.remote(id)).toBeUndefined();
        expect([...trees.remotes.all()].map(({ id }) => id)).toEqual([...trees.locals.all()].map(({ id }) => id));
        if (now < 100) {
          const topmost = going.filter((id) => !going.includes(must(specs[id]).split('/', 1)[0] ?? ''));
          expect(deleted.toSorted()).toEqual(topmost.toSorted());
        }
      }),
    );
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
