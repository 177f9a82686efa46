import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Known } from '../../lib/core/identify.ts';
import type { NodeState } from '../../lib/core/node.ts';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { schema } from '../../lib/agent/state/schema.ts';
import { State } from '../../lib/agent/state/state.ts';
import { unequalIn } from '../../lib/agent/state/unequal.ts';
import { openDatabase, type Database } from '../../lib/base/sqlite.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-state-'));
  file = join(dir, 'state.db');
});

afterEach(() => rmSync(dir, { recursive: true }));

function local(id: string, parent: string, name: string, kind: 'file' | 'directory' = 'file'): Known {
  const times = { mtime: '1', statMtime: '1700000000000000001', ctime: '2' };
  return { id, parent, name, kind, size: 3, mode: 0o644, hash: null, settled: true, inode: '1:2', born: '7', ...times };
}

function everyUnequal(db: Database): readonly string[] {
  const slices = unequalIn(db, 2);
  const all: string[] = [];
  let slice = slices.next();
  for (; slice.done !== true; slice = slices.next()) all.push(...slice.value);
  return [...all, ...slice.value];
}

function remote(id: string, parent: string, name: string, kind: 'file' | 'directory' = 'file'): NodeState {
  const rest = {
    version: 1,
    seq: 1,
    size: 0,
    hash: null,
    mtime: '1',
    mode: 0o644,
    etag: '',
    fileId: '',
    lastWrite: '',
  };
  return { id, parent, name, kind, ...rest, author: 'paris' };
}

describe('state', () => {
  test('what was written is there again, names of any bytes included', () => {
    const names = ['plain', 'ü 漢 \u{1f600}', '\udcff\udc80', 'a\\b', '"', 'with\0nul'];
    let state = new State(file);
    state.now(() => names.forEach((name, at) => state.setLocal(`id-${at}`, local(`id-${at}`, 'root', name))));
    state.close();
    state = new State(file);
    expect(names.map((name) => state.localAt('root', name)?.id)).toEqual(names.map((_, at) => `id-${at}`));
    expect(
      state
        .localChildren('root')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted());
    expect(state.local('id-0')).toEqual(local('id-0', 'root', 'plain'));
    state.close();
  });

  test('links and attributes are there again: what was not said stays unsaid, and what this site shows stays apart', () => {
    const values = { 'user.b': 'Yg==', 'user.a': '' };
    const entries: readonly Known[] = [
      { ...local('none', 'root', 'none'), target: '/etc/\udcff' },
      { ...local('some', 'root', 'some'), owner: 'anna', xattrs: {}, seen: { owner: 'anna', xattrs: {} } },
      { ...local('other', 'root', 'other'), owner: 'anna', group: '5', seen: { owner: '0', group: '5' } },
      { ...local('all', 'root', 'all'), xattrs: values, seen: { xattrs: values } },
      { ...local('blind', 'root', 'blind'), owner: 'anna', seen: {} },
    ];
    let state = new State(file);
    state.now(() => {
      for (const entry of entries) {
        state.setLocal(entry.id, { ...entry, mode: 0 });
        state.setLocal(entry.id, entry);
        const { id, parent, name, kind, size, mtime, mode, hash, target, owner, group, xattrs } = entry;
        state.setSynced(id, {
          id,
          parent,
          name,
          kind,
          version: 1,
          size,
          mtime,
          mode,
          hash,
          target,
          owner,
          group,
          xattrs,
        });
      }
    });
    state.close();
    state = new State(file);
    for (const entry of entries) {
      expect(state.local(entry.id)).toStrictEqual(entry);
      const { target, owner, group, xattrs } = entry;
      expect(state.synced(entry.id)).toMatchObject(JSON.parse(JSON.stringify({ target, owner, group, xattrs })));
      expect(Object.keys(state.synced(entry.id) ?? {}).includes('group')).toBe(group !== undefined);
    }
    state.close();
  });

  test('paths both ways, and undefined where a directory is missing', () => {
    const state = new State(':memory:');
    state.now(() => {
      state.setLocal('d', local('d', 'root', 'd', 'directory'));
      state.setLocal('e', local('e', 'd', 'e', 'directory'));
      state.setLocal('f', local('f', 'e', 'f'));
      state.setLocal('lost', local('lost', 'nowhere', 'x'));
    });
    expect([state.pathOf('f'), state.pathIn('e', 'new'), state.pathIn('root', 'x')]).toEqual(['d/e/f', 'd/e/new', 'x']);
    expect([state.pathOf('lost'), state.pathIn('nowhere', 'x')]).toEqual([undefined, undefined]);
    state.close();
  });

  test('a remote directory goes with all below it, and all of it is told', () => {
    const state = new State(':memory:');
    const told = new Set<string>();
    state.onChange = (id) => told.add(id);
    state.now(() => {
      state.setRemote(remote('d', 'root', 'd', 'directory'));
      state.setRemote(remote('e', 'd', 'e', 'directory'));
      state.setRemote(remote('f', 'e', 'f'));
      state.setRemote(remote('g', 'root', 'g'));
    });
    told.clear();
    state.now(() => state.dropRemote('d'));
    expect([...told].toSorted()).toEqual(['d', 'e', 'f']);
    expect([state.remote('f'), state.remote('g')?.name]).toEqual([undefined, 'g']);
    state.close();
  });

  test('what hangs on nothing is dropped from the remote tree, with all below it', () => {
    const state = new State(':memory:');
    state.now(() => {
      state.meta.set({ loose: true });
      state.setRemote(remote('d', 'root', 'd', 'directory'));
      state.setRemote(remote('in-d', 'd', 'f'));
      state.setRemote(remote('top', 'root', 'g'));
      state.setRemote(remote('e', 'gone', 'e', 'directory'));
      state.setRemote(remote('in-e', 'e', 'f'));
      state.setRemote(remote('h', 'gone-too', 'h'));
    });
    state.now(() => state.dropLoose());
    const left = ['d', 'in-d', 'top', 'e', 'in-e', 'h'].filter((id) => state.remote(id) !== undefined);
    expect([left, state.meta.values.loose]).toEqual([['d', 'in-d', 'top'], false]);
    state.close();
  });

  test('a part that throws is undone alone', () => {
    const state = new State(':memory:');
    state.now(() => state.setLocal('a', local('a', 'root', 'a')));
    const fail = (): void =>
      state.now(() => {
        state.setLocal('b', local('b', 'root', 'b'));
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect([state.local('a')?.name, state.local('b')]).toEqual(['a', undefined]);
    state.close();
  });

  test('an entry is the one that was written last, in memory and in the file, wherever it goes meanwhile', () => {
    let state = new State(file);
    const steps: Known[] = [local('a', 'root', 'a')];
    for (const change of [
      { hash: 'ab', settled: false },
      { name: 'b' },
      { parent: 'd', size: 9, mode: 0o600 },
      { inode: '1:9', born: '8' },
      { ctime: '5', statMtime: '6', mtime: '7' },
    ])
      steps.push({ ...steps.at(-1)!, ...change });
    for (const step of steps) {
      state.now(() => state.setLocal('a', step));
      expect([state.local('a'), state.localAt(step.parent, step.name), state.withInode(step.inode)]).toEqual([
        step,
        step,
        [step],
      ]);
      state.close();
      state = new State(file);
      expect([state.local('a'), state.localAt(step.parent, step.name)]).toEqual([step, step]);
    }
    state.close();
  });

  test('files are counted as they come, change their kind, go, and are taken back', () => {
    let state = new State(file);
    const random = seededRandom(7);
    const ids = Array.from({ length: 12 }, (_, at) => `id-${at}`);
    const counted = new Map<string, 'file' | 'directory'>();
    const step = (known: Map<string, 'file' | 'directory'>): void => {
      const id = ids[randomInt(random, ids.length)] ?? '';
      const kind = randomInt(random, 3) === 0 ? 'directory' : 'file';
      if (randomInt(random, 3) === 0) {
        state.setLocal(id, null);
        known.delete(id);
      } else {
        state.setLocal(id, local(id, 'root', id, kind));
        known.set(id, kind);
      }
    };
    const files = (): number => [...counted.values()].filter((kind) => kind === 'file').length;
    for (let round = 0; round < 300; round++) {
      if (round % 7 === 0)
        expect(() =>
          state.now(() => {
            for (let at = 0; at < 3; at++) step(new Map());
            throw new Error('taken back');
          }),
        ).toThrow('taken back');
      else state.now(() => step(counted));
      if (round === 150) {
        state.close();
        state = new State(file);
      }
      if (round > 20) expect([round, state.countFiles()]).toEqual([round, files()]);
    }
    state.close();
  });

  test('unequal: exactly the nodes on which the three trees disagree', async () => {
    const state = new State(':memory:');
    const hash = 'ab';
    const both = (id: string): void => {
      state.setLocal(id, { ...local(id, 'root', id), hash, size: 0 });
      state.setRemote({ ...remote(id, 'root', id), hash });
      const { parent, name, kind, version, size, mtime, mode } = remote(id, 'root', id);
      state.setSynced(id, { id, parent, name, kind, version, size, mtime, mode, hash });
    };
    state.now(() => {
      for (const id of ['mine', 'theirs', 'same', 'edited', 'newer', 'moved', 'gone-here', 'gone-there']) both(id);
      state.setLocal('edited', { ...local('edited', 'root', 'edited'), hash: null });
      state.setRemote({ ...remote('newer', 'root', 'newer'), version: 2 });
      state.setRemote(remote('moved', 'root', 'elsewhere'));
      state.setLocal('mine', { ...local('mine', 'root', 'mine'), hash, size: 0, owner: 'anna' });
      state.setRemote({ ...remote('theirs', 'root', 'theirs'), hash, xattrs: { 'user.a': '' } });
      state.setLocal('gone-here', null);
      state.dropRemote('gone-there');
      state.setRemote(remote('new-there', 'root', 'new-there'));
      state.setLocal('new-here', local('new-here', 'root', 'new-here'));
    });
    const wanted = ['edited', 'gone-here', 'gone-there', 'mine', 'moved', 'new-here', 'new-there', 'newer', 'theirs'];
    expect([...(await state.unequal())].toSorted()).toEqual(wanted);
    // In slices: 8 rows here, 8 that were agreed, 8 there; others come first after each that is full.
    for (const [rows, turns] of [
      [1, 24],
      [3, 6],
      [5, 3],
      [8, 3],
      [9, 0],
    ] as const) {
      let others = 0;
      const between = (): Promise<void> => Promise.resolve(void others++);
      expect([...(await state.unequal(between, rows))].toSorted()).toEqual(wanted);
      expect([rows, others]).toEqual([rows, turns]);
    }
    state.close();
  });

  test('suspects: whatever the trees disagree on is among them, however it came to that', async () => {
    const db = openDatabase(file, schema);
    const state = new State(db);
    const random = seededRandom(3);
    const ids = Array.from({ length: 8 }, (_, at) => `id-${at}`);
    const draw = (): string => ids[randomInt(random, ids.length)] ?? '';
    const steps: readonly (() => void)[] = [
      () => state.setLocal(draw(), null),
      () => ((id) => state.setLocal(id, local(id, 'root', id)))(draw()),
      () => state.setSynced(draw(), null),
      () => ((id) => state.setSynced(id, { ...remote(id, 'root', id), version: 1 }))(draw()),
      () => state.dropRemote(draw()),
      () => ((id) => state.setRemote(remote(id, 'root', id)))(draw()),
      () => state.clearRemote(),
      () => state.rekeyLocal(draw(), draw()),
    ];
    const step = (): void => steps[randomInt(random, steps.length)]?.();
    expect(state.suspects.known).toBeUndefined();
    await state.unequal();
    let fewer = 0;
    // While it is compared, a row at a time, it is written to.
    const compare = async (): Promise<void> => {
      await state.unequal(() => Promise.resolve(state.now(step)), 1);
    };
    for (let round = 0; round < 400; round++) {
      if (round % 5 === 0)
        expect(() =>
          state.now(() => {
            step();
            throw new Error('taken back');
          }),
        ).toThrow('taken back');
      else state.now(step);
      if (randomInt(random, 9) === 0) await compare();
      const known = state.suspects.known ?? [];
      if (known.length < ids.length) fewer++;
      expect([round, everyUnequal(db).filter((id) => !known.includes(id))]).toEqual([round, []]);
    }
    expect(fewer).toBeGreaterThan(100);
    state.close();
  });

  test('suspects: beyond what is looked at one by one, everything is', async () => {
    const state = new State(':memory:');
    await state.unequal();
    state.now(() => {
      for (let at = 0; at <= 20_000; at++) state.setLocal(`id-${at}`, null);
    });
    expect(state.suspects.known).toBeUndefined();
    await state.unequal();
    expect(state.suspects.known).toEqual([]);
    state.close();
  });

  test('ids and numbers go on after a start', () => {
    let state = new State(file);
    const make = (): string =>
      state.now(() => {
        state.meta.set({ endpoint: 'paris', incarnation: 3 });
        return state.newId();
      });
    expect(make()).toBe('paris-3-1');
    state.close();
    state = new State(file);
    expect(make()).toBe('paris-3-2');
    state.close();
  });

  test('a damaged file, and a file of something else, are refused with a code', () => {
    writeFileSync(file, Buffer.alloc(8192, 'not a database'));
    expect(() => new State(file)).toThrow(expect.objectContaining({ code: 'state_corrupt' }));
  });
});
