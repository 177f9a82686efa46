import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../lib/base/clock.ts';
import { FaultyFs } from '../../../lib/agent/fs/faulty-fs.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { contract } from './contract.ts';
import { kernel } from './foreign.ts';
import { names, nativeSite, put, refused, text } from './site.ts';

function faulty(): FaultyFs {
  return new FaultyFs(new MemoryFs(() => 1n), systemClock);
}

contract(
  'faulty, without faults',
  async () => {
    const site = await nativeSite();
    return { fs: new FaultyFs(site.fs, systemClock), [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
  },
  kernel,
);

describe('a fault', () => {
  test('strikes as often as it was asked to, and only where it fits', async () => {
    const fs = faulty();
    fs.add(/^create a/, { kind: 'error', code: 'ENOSPC', when: 'before' }, 2);
    await put(fs, 'b');
    await refused(fs.create('a', 0o644), 'ENOSPC');
    await refused(fs.create('a', 0o644), 'ENOSPC');
    await put(fs, 'a');
    expect(await names(fs)).toEqual(['a', 'b']);
  });

  test('may come after the call took effect', async () => {
    const fs = faulty();
    await put(fs, 'a');
    fs.add(/^rename a b$/, { kind: 'error', code: 'EIO', when: 'after' });
    await refused(fs.rename('a', 'b', false), 'EIO');
    expect(await names(fs)).toEqual(['b']);
  });

  test('strikes open files', async () => {
    const fs = faulty();
    const file = await fs.create('a', 0o644);
    fs.add(/^file\.sync a/, { kind: 'error', code: 'EIO', when: 'before' });
    fs.add(/^file\.write/, { kind: 'error', code: 'ENOSPC', when: 'before' });
    await refused(file.write(0, Buffer.from('x')), 'ENOSPC');
    await file.write(0, Buffer.from('y'));
    await refused(file.sync(), 'EIO');
    await file.close();
    expect(await text(fs, 'a')).toBe('y');
  });

  test('holds a call until it is let go, and others pass it', async () => {
    const fs = faulty();
    const gate = Promise.withResolvers<void>();
    fs.add(/^mkdir a/, { kind: 'hold', until: gate.promise });
    const held = fs.mkdir('a', 0o755);
    await fs.mkdir('b', 0o755);
    expect(await names(fs)).toEqual(['b']);
    gate.resolve();
    await held;
    expect(await names(fs)).toEqual(['a', 'b']);
  });

  test('delays by the clock it was given, and is gone when cleared', async () => {
    const slept: number[] = [];
    const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) };
    const fs = new FaultyFs(new MemoryFs(() => 1n), clock);
    fs.add(/^sync/, { kind: 'delay', ms: 700 }, 5);
    await fs.sync();
    fs.clear();
    await fs.sync();
    expect(slept).toEqual([700]);
  });
});
