import { beforeEach, describe, expect, test } from '@jest/globals';
import { TidewayError } from '../../lib/base/errors.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  await paris.start();
  await tokyo.start();
});

const problemsOf = (site: TestSite): readonly string[][] =>
  site.agent!.status().problems.map(({ path, code }) => [path, code]);

function refuse(site: TestSite, call: string, path: RegExp, code: string): void {
  site.volume.before = (name, at) => {
    if (name === call && path.test(at)) throw Object.assign(new Error(code), { code });
  };
}

describe('one path that cannot be done', () => {
  test('fault 31: a full disk holds up nothing but the file that needs it, and is tried again', async () => {
    let full = true;
    tokyo.volume.before = (name, path) => {
      if (full && name === 'write' && /tmp/.test(path) && path.includes(idOf('big'))) throw enospc();
    };
    const idOf = (name: string): string => cloud.namespace.at('root', name)?.id ?? 'none';
    const enospc = (): Error => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    paris.user.writeFile('big', 'big');
    await until('the problem', () => problemsOf(tokyo).length === 1);
    expect(problemsOf(tokyo)).toEqual([['big', 'disk_full']]);
    paris.user.writeFile('small', 'small');
    await until('the other file', () => tokyo.tree().get('small') === 'small');
    expect(tokyo.tree().has('big')).toBe(false);
    expect([...tokyo.user.snapshot('.tideway/tmp').keys()]).toEqual([]);
    full = false;
    await until('big is there', () => tokyo.tree().get('big') === 'big');
    await until('no problem', () => problemsOf(tokyo).length === 0);
  });

  test('fault 31: a disk without inodes takes what needs none, and the rest when there are some', async () => {
    paris.user.mkdirp('d');
    paris.user.writeFile('d/old', 'old');
    await converge(cloud, paris, tokyo);
    const { limits } = tokyo.volume.volume;
    limits.inodes = tokyo.user.snapshot().size;
    paris.user.writeFile('d/new', 'new');
    paris.user.mkdirp('other');
    paris.user.chmod('d/old', 0o600);
    await until('the problems', () => problemsOf(tokyo).length === 2);
    expect(new Set(problemsOf(tokyo).map(([, code]) => code))).toEqual(new Set(['disk_full']));
    await until('the mode', () => tokyo.user.snapshot().get('d/old')?.stat.mode === 0o600);
    limits.inodes = Infinity;
    await converge(cloud, paris, tokyo);
    await until('no problem', () => problemsOf(tokyo).length === 0);
  });

  test('a share that is full holds up nothing but the file that needs room, and is no reason to be offline', async () => {
    let full = true;
    cloud.hook = (call) => {
      if (full && call === 'paris stageCreate') throw new TidewayError('share_full', 'full');
    };
    const big = new Uint8Array(5 * 1024 * 1024).fill(7);
    paris.user.writeFile('big', big);
    await until('the problem', () => problemsOf(paris).length === 1);
    expect(problemsOf(paris)).toEqual([['big', 'share_full']]);
    expect(paris.agent!.status().state).not.toBe('offline');
    paris.user.writeFile('small', 'small');
    await until('the other file', () => tokyo.tree().get('small') === 'small');
    full = false;
    await until('big is there', () => tokyo.tree().has('big'));
    await until('no problem', () => problemsOf(paris).length === 0);
  });

  test('a directory that cannot be read is no empty directory', async () => {
    paris.user.mkdirp('secret');
    paris.user.writeFile('secret/x', 'x');
    await converge(cloud, paris, tokyo);
    refuse(paris, 'list', /^secret$/, 'EACCES');
    await paris.agent!.rescan();
    expect(problemsOf(paris)).toEqual([['secret', 'cannot_read']]);
    expect(cloud.tree().has('secret/x')).toBe(true);
    paris.volume.before = () => undefined;
    await paris.agent!.rescan();
    expect(problemsOf(paris)).toEqual([]);
  });

  test('a file that cannot be read is a problem and the rest goes on', async () => {
    refuse(paris, 'open', /^locked$/, 'EACCES');
    paris.user.writeFile('locked', 'x');
    paris.user.writeFile('free', 'free');
    await until('free at tokyo', () => tokyo.tree().get('free') === 'free');
    await until('the problem', () => problemsOf(paris).length === 1);
    expect(problemsOf(paris)).toEqual([['locked', 'no_permission']]);
    paris.volume.before = () => undefined;
    await until('locked at tokyo', () => tokyo.tree().get('locked') === 'x');
  });

  test('the problem of a file is gone with the file', async () => {
    refuse(paris, 'open', /^locked$/, 'EACCES');
    paris.user.writeFile('locked', 'x');
    await until('the problem', () => problemsOf(paris).length === 1);
    paris.user.rm('locked');
    await until('no problem', () => problemsOf(paris).length === 0, 1000);
  });

  test('content that does not match its hash never gets the name', async () => {
    let spoiled = 0;
    const backend = cloud.backend('tokyo');
    await tokyo.agent!.stop();
    await tokyo.start({
      backend: {
        ...backend,
        download: async (...args) => {
          const bytes = await backend.download(...args);
          return spoiled++ === 0 ? Buffer.alloc(bytes.length, 'X') : bytes;
        },
      },
    });
    paris.user.writeFile('f', 'right');
    await until('f at tokyo', () => tokyo.tree().has('f'));
    expect([tokyo.tree().get('f'), spoiled]).toEqual(['right', 2]);
  });

  test('fault 33: a file that is rewritten while it is uploaded is never sent as a mixture', async () => {
    let rewrites = 0;
    paris.volume.before = (name, path) => {
      if (name === 'read' && path === 'busy' && rewrites < 3) paris.user.writeFile('busy', `version ${++rewrites}`);
    };
    paris.user.writeFile('busy', 'version 0');
    await converge(cloud, paris, tokyo);
    expect([rewrites, tokyo.tree().get('busy')]).toEqual([3, 'version 3']);
    expect(paris.agent!.counters()['discarded']).toBeGreaterThan(0);
  });
});

describe('the backend', () => {
  test('out of reach: offline, and all comes when it is back', async () => {
    await converge(cloud, paris, tokyo);
    let down = true;
    cloud.hook = (call) => {
      if (down && call.startsWith('paris')) throw new TidewayError('unreachable', 'no route');
    };
    paris.user.writeFile('f', 'f');
    await until('offline', () => paris.agent!.status().state === 'offline');
    down = false;
    await until('f at tokyo', () => tokyo.tree().get('f') === 'f');
  });

  test('a refused name is a problem until it is renamed, and is not asked for again and again', async () => {
    const commit = cloud.namespace.commit.bind(cloud.namespace);
    let asked = 0;
    cloud.namespace.commit = (by, operation, staged) => {
      if ('name' in operation && operation.name === 'bad') {
        asked++;
        const row = commit(by, { kind: 'none' }, undefined);
        const refused = {
          ...row,
          op: operation.kind,
          node: operation.node,
          outcome: 'rejected',
          code: 'name_refused',
        } as const;
        cloud.namespace.log[row.seq - 1] = refused;
        return refused;
      }
      return commit(by, operation, staged);
    };
    paris.user.writeFile('bad', 'x');
    await until('the problem', () => problemsOf(paris).length === 1);
    await paris.agent!.rescan();
    expect([problemsOf(paris), asked]).toEqual([[['bad', 'name_refused']], 1]);
    paris.user.rename('bad', 'good');
    await converge(cloud, paris, tokyo);
    expect([problemsOf(paris), tokyo.tree().get('good')]).toEqual([[], 'x']);
  });

  test('the line that brings hints never comes up: polling does without', async () => {
    await tokyo.agent!.stop();
    const backend = cloud.backend('tokyo');
    const listen = (): Promise<never> => Promise.reject(new TidewayError('unreachable', 'no bus'));
    await tokyo.start({ backend: { ...backend, listen } });
    paris.user.writeFile('f', 'f');
    await until('f at tokyo', () => tokyo.tree().get('f') === 'f');
    expect(tokyo.agent!.status().state).not.toBe('offline');
  });
});

describe('the agent', () => {
  test('without a watch full scans have to do', async () => {
    await paris.agent!.stop();
    const startWatch = (): Promise<never> => Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    await paris.start({ startWatch });
    await converge(cloud, paris, tokyo);
    paris.user.writeFile('f', 'f');
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().get('f')).toBe('f');
  });

  test('what nobody foresaw halts it, and only a new start helps', async () => {
    await converge(cloud, paris, tokyo);
    paris.volume.before = (name) => {
      if (name === 'read') throw new TypeError('a bug');
    };
    paris.user.writeFile('g', 'g');
    await until('failed', () => paris.agent!.status().halt?.code === 'failed');
    await paris.agent!.resume();
    expect(paris.agent!.status()).toMatchObject({ state: 'halted', halt: { code: 'failed' } });
    paris.volume.before = () => undefined;
    await paris.agent!.stop();
    await paris.start();
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree().keys()]).toEqual(['g']);
  });
});
