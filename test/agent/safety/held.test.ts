import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FakeCloud } from '../../support/fake-backend.ts';
import { bothWithFiles, converge, eachOnTwoSites, halted, type TestSite, until } from '../rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
let dir: string;

eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-held-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const stateFile = (): string => join(dir, 'paris.db');

describe('what the backend holds back', () => {
  const massChange = { code: 'mass_change' as const, at: 1, changed: 1200, files: 4000 };

  test('is a halt that says how much; other sites go on; and a person lets it go on', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    cloud.held.set('paris', massChange);
    await halted(paris, 'mass_change');
    expect(paris.agent!.status().halt?.message).toContain('1200 of 4000 files');
    paris.user.writeFile('d/1', 'held back');
    tokyo.user.writeFile('d/2', 'from tokyo');
    await until('tokyo goes on', () => cloud.tree().get('d/2') === 'from tokyo');
    expect([tokyo.tree().get('d/1'), paris.tree().get('d/2')]).toEqual(['1', '2']);
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([tokyo.tree().get('d/1'), paris.tree().get('d/2')]).toEqual(['held back', 'from tokyo']);
  });

  test('outlives the process, and what was sent meanwhile is sent again at once', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    cloud.settings.resendMs = 1_000_000;
    await paris.agent!.stop();
    paris.user.writeFile('d/1', 'sent into the void');
    const send = cloud.hook;
    cloud.hook = (call) => {
      if (call === 'paris send') cloud.held.set('paris', massChange);
    };
    await paris.start({ stateFile: stateFile() });
    await until('it was sent', () => cloud.held.has('paris'));
    cloud.hook = send;
    await halted(paris, 'mass_change');
    await paris.agent!.stop();
    await paris.start({ stateFile: stateFile() });
    await halted(paris, 'mass_change');
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().get('d/1')).toBe('sent into the void');
  });

  test('of the whole group goes on at each site once a person at one has said so', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    cloud.stopped = { code: 'share_restored', at: 1 };
    await halted(paris, 'share_restored');
    await until('tokyo halts', () => tokyo.agent!.status().halt?.code === 'share_restored');
    tokyo.user.writeFile('d/2', 'from tokyo');
    await paris.agent!.resume();
    await until('tokyo goes on', () => tokyo.agent!.status().halt === undefined);
    await converge(cloud, paris, tokyo);
    expect(paris.tree().get('d/2')).toBe('from tokyo');
  });

  test('does not hide that the root is not what it was', async () => {
    await bothWithFiles(cloud, paris, tokyo, stateFile());
    paris.user.rm('.tideway');
    paris.user.rm('d/1');
    await halted(paris, 'root_emptied');
    cloud.held.set('paris', massChange);
    const { polls } = paris.agent!.counters();
    await until('it has read the head', () => Number(paris.agent!.counters()['polls']) > Number(polls) + 1);
    cloud.held.delete('paris');
    expect(paris.agent!.status().halt?.code).toBe('root_emptied');
  });
});
