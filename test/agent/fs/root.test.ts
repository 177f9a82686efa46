import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { openNativeFs, openNodeFs } from '../../../lib/agent/fs/open-site.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';
import { must } from '../../../lib/base/errors.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';

const ways: readonly (readonly [string, (root: string) => Promise<SiteFs>])[] = [
  ['native', async (root) => must(await openNativeFs(root, must(loadNative(), 'the addon')), 'openat2')],
  ['node', openNodeFs],
];

test.each(ways)(
  '%s: the root is gone when its path leads elsewhere, and back when it leads there again',
  async (_, open) => {
    const dir = mkdtempSync(path.join(tmpdir(), 'tideway-root-'));
    const [root, away] = [path.join(dir, 'root'), path.join(dir, 'away')];
    mkdirSync(root);
    const fs = await open(root);
    expect(await fs.stat('')).toMatchObject({ kind: 'directory' });
    renameSync(root, away);
    expect(await fs.stat('')).toBeNull();
    mkdirSync(root);
    expect(await fs.stat('')).toBeNull();
    rmSync(root, { recursive: true });
    renameSync(away, root);
    expect(await fs.stat('')).toMatchObject({ kind: 'directory' });
    await fs.close();
    rmSync(dir, { recursive: true });
  },
);
