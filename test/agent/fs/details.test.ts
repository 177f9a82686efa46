import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { must } from '../../../lib/base/errors.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'details-'));
  writeFileSync(path.join(dir, 'file'), '');
});

afterEach(() => rmSync(dir, { recursive: true }));

// Whoever sees the same ctime twice does not look a second time: so it must never stand beside attributes that are older.
test('attributes are never older than the ctime that is told with them', async () => {
  const script = path.join(import.meta.dirname, '../../support/toggle-script.ts');
  const child = spawn(process.execPath, [script, dir, 'file'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const fs = await openSiteFs(dir);
  const look = async (): Promise<{ ctime: bigint; xattrs: string }> => {
    const details = must((await fs.details('', ['file']))[0], 'the file is there');
    return { ctime: details.stat.ctimeNs, xattrs: JSON.stringify(details.xattrs) };
  };
  try {
    await once(child.stdout, 'data');
    const stale: string[] = [];
    for (let looks = 0; looks < 3000; looks++) {
      const [first, second, third] = [await look(), await look(), await look()];
      // Nothing was set between the first and the third: then both saw all there was.
      if (first.ctime === third.ctime && first.xattrs !== second.xattrs) stale.push(`${first.xattrs} ${second.xattrs}`);
    }
    expect(stale).toEqual([]);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await fs.close();
  }
}, 60_000);
