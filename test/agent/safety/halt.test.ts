import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Backend } from '../../../lib/agent/backend.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { instead } from '../../model/instead.ts';
import { FakeCloud } from '../../support/fake-backend.ts';
import { bothWithFiles, converge, eachOnTwoSites, halted, TestSite, until } from '../rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
let dir: string;

eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-halt-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const stateFile = (): string => join(dir, 'paris.db');

describe('the root', () => {
  test('emptied: nothing is deleted elsewhere until a person has looked', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    const seq = cloud.namespace.seq;
    for (const name of ['.tideway', 'd']) paris.user.rm(name);
    await halted(paris, 'root_emptied');
    expect(paris.agent!.status().state).toBe('halted');
    await expect(paris.agent!.settled(performance.now() + 1000)).rejects.toMatchObject({ code: 'halted' });
    expect([cloud.namespace.seq, tokyo.tree().size]).toEqual([seq, 4]);
    await paris.agent!.resume();
    expect(paris.agent!.status().halt?.code).toBe('root_emptied');
  });

  test('only the mark was deleted: a person resumes, and it is marked again', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    paris.user.rm('.tideway');
    paris.user.rm('d/1');
    await halted(paris, 'root_emptied');
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree().keys()]).toEqual(['d', 'd/2', 'd/3']);
  });

  test('fault 29: emptied while the agent was away', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    for (const name of ['.tideway', 'd']) paris.user.rm(name);
    const seq = cloud.namespace.seq;
    await paris.start({ stateFile: stateFile() });
    await halted(paris, 'root_emptied');
    expect([cloud.namespace.seq, tokyo.tree().size]).toEqual([seq, 4]);
  });

  test('back again: resume goes on as if nothing had been', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    const full = paris.volume;
    const empty = new TestSite(cloud, 'unused').volume;
    await paris.start({ stateFile: stateFile(), fs: empty });
    await halted(paris, 'root_emptied');
    await paris.agent!.stop();
    await paris.start({ stateFile: stateFile(), fs: full });
    await converge(cloud, paris, tokyo);
    expect(cloud.tree().size).toBe(4);
  });

  test('fault 30: gone, or on another device, while the agent runs: nothing is concluded', async () => {
    paris.user.writeFile('f', 'f');
    await tokyo.start();
    const fs = new MemoryFs(paris.volume.volume);
    let now: 'well' | 'missing' | 'elsewhere' = 'well';
    const stat = fs.stat.bind(fs);
    fs.stat = async (path) => {
      const found = await stat(path);
      if (path !== '' || found === null || now === 'well') return found;
      return now === 'missing' ? null : { ...found, dev: found.dev + 1n };
    };
    await paris.start({ fs });
    await converge(cloud, paris, tokyo);
    for (const [state, code] of [
      ['missing', 'root_missing'],
      ['elsewhere', 'root_replaced'],
    ] as const) {
      now = state;
      paris.user.rm('f');
      await halted(paris, code);
      await paris.agent!.resume();
      expect([paris.agent!.status().halt?.code, tokyo.tree().has('f')]).toEqual([code, true]);
      now = 'well';
      paris.user.writeFile('f', 'f');
      await paris.agent!.resume();
      await converge(cloud, paris, tokyo);
    }
  });

  test('not mounted while one name is looked at: what it holds is not forgotten', async () => {
    paris.user.writeFile('f', 'f');
    const bare = new MemoryFs(() => 1n);
    let mounted = true;
    await paris.start({ fs: instead<SiteFs>(paris.volume, {}, () => (mounted ? paris.volume : bare)) });
    await tokyo.start();
    await converge(cloud, paris, tokyo);
    mounted = false;
    paris.user.chmod('f', 0o600);
    await halted(paris, 'root_emptied');
    paris.user.rename('f', 'g');
    mounted = true;
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree()).toEqual(new Map([['g', 'f']]));
    expect(cloud.namespace.log.map(({ op }) => op).filter((op) => op === 'create' || op === 'delete')).toEqual([
      'create',
    ]);
  });

  test("another endpoint's folder", async () => {
    await tokyo.start();
    await converge(cloud, tokyo);
    await tokyo.agent!.stop();
    paris.volume = tokyo.volume;
    await paris.start();
    await halted(paris, 'root_foreign');
  });

  test('a user who deletes everything but the mark means it', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    paris.user.rm('d');
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().size).toBe(0);
  });
});

describe('whose turn it is', () => {
  test('fault 28: a copy of the state is a clone and halts', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    cloud.enrol('other', 'other', 'unused');
    const backend = cloud.backend('paris');
    await backend.incarnation('thief', 0);
    await paris.start({ stateFile: stateFile() });
    await halted(paris, 'clone');
  });

  test.each([
    ['one after the other', 300],
    ['at the same moment', 0],
  ])('a copy of the state that works beside it halts, and loses nothing: edits %s', async (_, apart) => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    const copy = join(dir, 'copy.db');
    copyFileSync(stateFile(), copy);
    const enrolled = cloud.backend('paris');
    const twin = new TestSite(new FakeCloud(), 'paris');
    twin.user.mkdirp('.tideway');
    twin.user.writeFile('.tideway/endpoint.json', JSON.stringify({ endpoint: 'paris' }));
    twin.user.mkdirp('d');
    for (const name of ['1', '2', '3']) twin.user.writeFile(`d/${name}`, name);
    await paris.start({ stateFile: stateFile() });
    await twin.start({ stateFile: copy, backend: enrolled });
    await converge(cloud, paris, tokyo);
    await until('the copy is up', () => twin.agent!.status().state === 'idle');
    paris.user.writeFile('one', 'of paris');
    await new Promise((resolve) => setTimeout(resolve, apart));
    twin.user.writeFile('two', 'of the copy');
    const halts = (): (string | undefined)[] => [paris, twin].map((site) => site.agent!.status().halt?.code);
    await until('one of them halts', () => halts().includes('clone'));
    expect([paris.tree().get('one'), twin.tree().get('two')]).toEqual(['of paris', 'of the copy']);
    await twin.agent!.stop();
  });

  test('a message of an earlier self that arrives before the namespace is read: its number is never given again', async () => {
    const backend = cloud.backend('paris');
    let asked = 0;
    const incarnation: Backend['incarnation'] = async (...whose) => {
      const answer = await backend.incarnation(...whose);
      return asked++ === 0 ? answer : { ...answer, n: 1 };
    };
    paris.user.writeFile('f', 'f');
    await paris.start({ backend: instead<Backend>(backend, { incarnation }) });
    await halted(paris, 'clone');
    expect([cloud.tree().size, paris.tree().get('f')]).toEqual([0, 'f']);
  });

  test('another share than before halts', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    cloud.epoch = 'second';
    await halted(paris, 'epoch_changed');
    await until('tokyo halts', () => tokyo.agent!.status().halt !== undefined);
    expect(tokyo.agent!.status().halt?.code).toBe('epoch_changed');
  });

  test('another share than before, and a person says it is right: both are merged, nothing is deleted', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    const older = cloud.namespace.at('root', 'd')!;
    await paris.agent!.stop();
    paris.user.writeFile('d/1', 'changed at paris');
    await paris.start({ stateFile: stateFile() });
    await converge(cloud, paris, tokyo);
    cloud.restoreTo(1);
    expect([cloud.namespace.seq, cloud.tree().size, older.kind]).toEqual([1, 1, 'directory']);
    await halted(paris, 'epoch_changed');
    await until('tokyo halts', () => tokyo.agent!.status().halt !== undefined);
    await paris.agent!.resume();
    await converge(cloud, paris);
    await tokyo.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([...cloud.tree()]).toEqual([
      ['d', null],
      ['d/1', 'changed at paris'],
      ['d/2', '2'],
      ['d/3', '3'],
    ]);
  });

  test('fault 27: a state restored from a backup halts, and resumed goes on under a new incarnation and loses nothing', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    copyFileSync(stateFile(), join(dir, 'backup.db'));
    await paris.start({ stateFile: stateFile() });
    paris.user.writeFile('d/1', 'after the backup');
    paris.user.writeFile('d/new', 'new');
    paris.user.rm('d/3');
    await converge(cloud, paris, tokyo);
    await paris.agent!.stop();
    tokyo.user.writeFile('d/2', 'from tokyo');
    await converge(cloud, tokyo);
    const seq = cloud.namespace.seq;
    await paris.start({ stateFile: join(dir, 'backup.db') });
    await halted(paris, 'state_restored');
    paris.user.writeFile('d/new', 'newer');
    expect([cloud.namespace.seq, paris.tree().get('d/2')]).toEqual([seq, '2']);
    paris.user.writeFile('d/new', 'new');
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([...paris.tree()]).toEqual([
      ['d', null],
      ['d/1', 'after the backup'],
      ['d/2', 'from tokyo'],
      ['d/new', 'new'],
    ]);
    paris.user.writeFile('d/1', 'works');
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().get('d/1')).toBe('works');
  });

  test('a second process on the same state is refused', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    const first = paris.agent;
    await expect(paris.start({ stateFile: stateFile() })).rejects.toMatchObject({ code: 'state_locked' });
    paris.agent = first;
  });
});

describe('the log', () => {
  test('a cursor below the floor: everything anew, deletes only from what was synced', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    tokyo.user.rm('d/1');
    tokyo.user.writeFile('d/2', 'changed');
    tokyo.user.writeFile('e', 'e');
    await converge(cloud, tokyo);
    paris.user.writeFile('mine', 'mine');
    cloud.namespace.floor = cloud.namespace.seq;
    await paris.start({ stateFile: stateFile() });
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree().keys()]).toEqual(['d', 'd/2', 'd/3', 'e', 'mine']);
    expect(paris.agent!.counters()['resyncs']).toBe(1);
  });

  test('fault 25: away for longer than the log, what is missing here is no delete', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    await paris.agent!.stop();
    paris.user.rm('d/1');
    paris.user.writeFile('d/2', 'edited while away');
    tokyo.user.writeFile('d/2', 'edited there');
    tokyo.user.rm('d/3');
    await converge(cloud, tokyo);
    cloud.namespace.floor = cloud.namespace.seq;
    await paris.start({ stateFile: stateFile() });
    await converge(cloud, paris, tokyo);
    const { 'd/1': one, 'd/3': three, ...others } = Object.fromEntries(tokyo.tree());
    expect([one, three]).toEqual(['1', undefined]);
    expect(new Set(Object.values(others))).toEqual(new Set(['edited there', 'edited while away', null]));
    // From then on it is one again.
    paris.user.rm('d/1');
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().has('d/1')).toBe(false);
  });

  test('a namespace that lacks most of what was agreed deletes nothing until a person has looked, across a restart', async () => {
    for (let n = 0; n < 1100; n++) paris.user.writeFile(`f${n}`, `${n}`);
    await paris.start({ stateFile: stateFile() });
    await converge(cloud, paris);
    await paris.agent!.stop();
    tokyo.user.writeFile('of-tokyo', 'tokyo');
    await tokyo.start();
    await converge(cloud, tokyo);
    await tokyo.agent!.stop();
    for (const { id } of [...cloud.namespace.nodes.values()].filter(({ name }) => name.startsWith('f')).slice(0, 1000))
      cloud.namespace.nodes.delete(id);
    cloud.namespace.floor = cloud.namespace.seq;
    for (let start = 0; start < 2; start++) {
      await paris.start({ stateFile: stateFile() });
      await halted(paris, 'namespace_shrunk');
      await until('it is at the head', () => paris.agent!.status().cursor === cloud.namespace.seq);
      expect([paris.agent!.status().halt?.message, paris.tree().size]).toEqual([
        expect.stringContaining('1000 of the 1100 files'),
        1100,
      ]);
      await paris.agent!.stop();
    }
    await paris.start({ stateFile: stateFile() });
    await halted(paris, 'namespace_shrunk');
    await paris.agent!.resume();
    await converge(cloud, paris);
    expect(paris.tree().size).toBe(101);
  });

  test('fault 23: without any hint everything still comes, by polling', async () => {
    cloud.hints = false;
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    tokyo.user.rename('d', 'moved');
    await converge(cloud, paris, tokyo);
    expect(paris.tree().has('moved/1')).toBe(true);
  });

  test('lost messages are sent again', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    let lost = 0;
    const backend = cloud.backend('paris');
    await paris.agent!.stop();
    await paris.start({
      stateFile: stateFile(),
      backend: { ...backend, send: (envelope) => (lost++ < 2 ? Promise.resolve() : backend.send(envelope)) },
    });
    for (let at = 0; at < 5; at++) {
      paris.user.writeFile(`lost-${at}`, 'x');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree().keys()].filter((path) => path.startsWith('lost')).length).toBe(5);
  });
});

test('a state that finds no room halts, loses nothing, and goes on from what it has when it is started again', async () => {
  await bothWithFiles(cloud, paris, tokyo, stateFile());
  await paris.agent!.stop();
  const state = new State(stateFile());
  let full = false;
  const save = state.writes.beforeSave;
  state.writes.beforeSave = () => {
    if (full) throw new Error('database or disk is full');
    save();
  };
  await paris.start({ stateFile: stateFile(), state });
  await converge(cloud, paris, tokyo);
  full = true;
  paris.user.writeFile('d/1', 'not remembered');
  tokyo.user.writeFile('d/2', 'from tokyo');
  await halted(paris, 'state_full');
  expect(paris.agent!.halt).toEqual(paris.agent!.status().halt);
  await paris.agent!.resume();
  expect(paris.agent!.halt?.code).toBe('state_full');
  await paris.agent!.stop();
  await paris.start({ stateFile: stateFile() });
  await converge(cloud, paris, tokyo);
  expect([tokyo.tree().get('d/1'), paris.tree().get('d/2')]).toEqual(['not remembered', 'from tokyo']);
});
