// The kernel's own limit of watches, lowered for one process in a user namespace of its own.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { nativeSite } from './site.ts';

test('a directory beyond the limit is named, once, and the others are still watched', async () => {
  await using site = await nativeSite();
  const { root } = site.fs;
  for (const dir of ['a', 'b', 'c']) fs.mkdirSync(join(root, dir));
  const lib = join(import.meta.dirname, '../../../lib/agent/fs');
  const program = `
    import { writeFileSync } from 'node:fs';
    import { openSiteFs } from ${JSON.stringify(join(lib, 'open-site.ts'))};
    import { watchOf } from ${JSON.stringify(join(lib, 'watch.ts'))};
    const site = await openSiteFs(${JSON.stringify(root)});
    const told = [];
    const watch = await watchOf(site)((events) => {
      told.push(...events);
      if (!events.some(({ kind }) => kind === 'closed')) return;
      console.log(JSON.stringify(told));
      clearInterval(alive);
    });
    const alive = setInterval(() => {}, 1000);
    for (const dir of ['', 'a', 'b', 'c']) await watch.add(dir);
    writeFileSync(${JSON.stringify(join(root, 'a/f'))}, '');`;
  // Three watches: the root, its parent, and one directory.
  const script = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$0" --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--user', '--map-root-user', 'sh', '-c', script, process.execPath, program],
    { timeout: 5000 },
  );
  expect(JSON.parse(stdout)).toEqual([
    { kind: 'limit', path: 'b' },
    { kind: 'changed', path: 'a/f' },
    { kind: 'closed', path: 'a/f' },
  ]);
});
