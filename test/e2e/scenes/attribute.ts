import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';

/** What a file is beside its content: links of all kinds, owners that have no name here, extended attributes. */
export async function attribute(dir: string): Promise<void> {
  mkdirSync(path.join(dir, 'below'), { recursive: true });
  const at = (name: string): string => path.join(dir, name);
  for (const name of ['owned', 'attributed', 'below/target']) writeFileSync(at(name), name);
  for (const [name, target] of Object.entries({
    'to a file': 'below/target',
    'to a directory': 'below',
    'to nothing': '../nowhere/at all',
    absolute: '/etc/hostname',
  }))
    symlinkSync(target, at(name));
  // A link that is changed is made anew and renamed over the old one.
  symlinkSync('below/target', at('turned'));
  symlinkSync('owned', at('.turned'));
  renameSync(at('.turned'), at('turned'));
  unlinkSync(at('absolute'));
  chmodSync(at('owned'), 0o640);
  // For others than root nothing changes hands.
  if (process.getuid?.() === 0) chownSync(at('owned'), 12_345, 23_456);
  const fs = await openSiteFs(dir);
  try {
    const value = Buffer.from('a value, not too long').toString('base64');
    await fs.setXattrs('attributed', { 'user.comment': value, 'user.empty': '' });
    await fs.setXattrs('below', { 'user.of-a-directory': value });
  } finally {
    await fs.close();
  }
}
