import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { silent } from '../../../lib/base/log.ts';
import { Child } from '../../../lib/local/hub/child.ts';

test('an agent has threads enough to wait for the disk, a small heap, and its sources compiled', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'tideway-child-'));
  const script = path.join(import.meta.dirname, 'child-script.ts');
  const child = new Child({ site: 'a', script, args: ['up', '--data', data], log: silent, onPid: () => {} });
  try {
    await child.start();
    const told = (what: string): string[] => readFileSync(`/proc/${child.pid}/${what}`, 'latin1').split('\0');
    expect(told('environ')).toEqual(expect.arrayContaining(['UV_THREADPOOL_SIZE=12', 'MALLOC_ARENA_MAX=2']));
    expect(told('cmdline')).toContain('--max-semi-space-size=8');
  } finally {
    await child.stop();
  }
  expect(readdirSync(path.join(data, 'cache'))).not.toEqual([]);
  rmSync(data, { recursive: true });
});
