// A root is known by a mark of its own, not by its endpoint alone: what stands in for it while its disk is away has another (I6).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { instead } from '../model/instead.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-another-'));
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
  paris.user.mkdirp('d');
  for (const name of ['1', '2', '3']) paris.user.writeFile(`d/${name}`, name);
  await paris.start({ stateFile: stateFile('first') });
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  await paris.agent!.stop();
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo.agent?.stop();
  rmSync(dir, { recursive: true });
});

const stateFile = (name: string): string => join(dir, `${name}.db`);
const halted = (code: string): Promise<void> => until(`halt ${code}`, () => paris.agent!.status().halt?.code === code);
const idle = (): Promise<void> => until('it is idle', () => paris.agent!.status().state === 'idle');

test('a new state began on the bare directory: when the disk is back, what it lacks is not taken for deleted', async () => {
  const bare = new TestSite(cloud, 'unused').volume;
  let mounted = false;
  const fs = instead<SiteFs>(paris.volume, {}, () => (mounted ? paris.volume : bare));
  await paris.start({ stateFile: stateFile('anew'), fs });
  await idle();
  tokyo.user.writeFile('e', 'e');
  await until('it is in the bare directory', () => paris.agent!.status().files === 4);
  mounted = true;
  paris.agent!.rescan().catch(() => {}); // ends with the agent
  await halted('root_replaced');
  await paris.agent!.resume();
  expect([paris.agent!.status().halt?.code, cloud.tree().has('e')]).toEqual(['root_replaced', true]);
});

test('the disk goes away between the look at its mark and the first work on it: a halt, and it goes on when it is back', async () => {
  await paris.agent!.stop();
  const bare = new TestSite(cloud, 'unused').volume;
  let [mounted, asked] = [true, false];
  const list: SiteFs['list'] = (path) => {
    if (path === '.tideway/removed' && !asked) [mounted, asked] = [false, true];
    return (mounted ? paris.volume : bare).list(path);
  };
  const fs = instead<SiteFs>(paris.volume, { list }, () => (mounted ? paris.volume : bare));
  await paris.start({ stateFile: stateFile('first'), fs });
  await halted('root_emptied');
  mounted = true;
  await paris.agent!.resume();
  paris.user.writeFile('d/4', '4');
  await converge(cloud, paris, tokyo);
  expect([...tokyo.tree().keys()].toSorted()).toEqual(['d', 'd/1', 'd/2', 'd/3', 'd/4']);
});

test('what is open while it is deleted elsewhere is not forgotten because the disk goes away meanwhile', async () => {
  await paris.agent!.stop();
  const bare = new TestSite(cloud, 'unused').volume;
  let mounted = true;
  const fs = instead<SiteFs>(paris.volume, {}, () => (mounted ? paris.volume : bare));
  await paris.start({ stateFile: stateFile('first'), fs });
  await idle();
  const program = paris.user.open('d/1');
  tokyo.user.rm('d/1');
  await until('it is gone here', () => !paris.tree().has('d/1'));
  mounted = false;
  await halted('root_emptied');
  program.write(1, ' and more');
  await program.close();
  mounted = true;
  await paris.agent!.resume();
  await until(
    'it is back, with what was written',
    () => Buffer.from(tokyo.tree().get('d/1') ?? '').toString() === '1 and more',
  );
});

test('nor after a restart; what a new state finds there is merged, and nothing is deleted', async () => {
  await paris.start({ stateFile: stateFile('anew'), fs: new TestSite(cloud, 'unused').volume });
  await idle();
  await paris.agent!.stop();
  paris.user.writeFile('d/4', '4');
  paris.user.rm('d/1');
  await paris.start({ stateFile: stateFile('anew') });
  await halted('root_replaced');
  await paris.agent!.resume();
  expect([paris.agent!.status().halt?.code, cloud.tree().size]).toEqual(['root_replaced', 4]);
  await paris.agent!.stop();
  await paris.start({ stateFile: stateFile('merged') });
  await converge(cloud, paris, tokyo);
  expect([...tokyo.tree().keys()].toSorted()).toEqual(['d', 'd/1', 'd/2', 'd/3', 'd/4']);
});

test('the mark of a root outlives the states that it had', async () => {
  await paris.start({ stateFile: stateFile('anew') });
  await converge(cloud, paris, tokyo);
  await paris.agent!.stop();
  paris.user.rm('d/1');
  await paris.start({ stateFile: stateFile('first') });
  await until('nothing is deleted by an old state', () => paris.agent!.status().halt !== undefined);
  expect(paris.agent!.status().halt?.code).toBe('clone');
});

test('what a person wrote by hand is the mark of this root', async () => {
  paris.user.writeFile('.tideway/endpoint.json', JSON.stringify({ endpoint: 'paris' }));
  paris.user.rm('d/1');
  await paris.start({ stateFile: stateFile('first') });
  await converge(cloud, paris, tokyo);
  expect([...tokyo.tree().keys()]).toEqual(['d', 'd/2', 'd/3']);
});
