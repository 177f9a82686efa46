// Sets an extended attribute of a file again and again, now and then with a rest: DIR NAME, until it is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { openSiteFs } from '../../lib/agent/fs/open-site.ts';

const [dir = '', name = ''] = process.argv.slice(2);
const fs = await openSiteFs(dir);
for (let count = 0; ; count++) {
  await fs.setXattrs(name, { 'user.count': Buffer.from(String(count)).toString('base64') });
  if (count === 0) process.stdout.write('ready\n');
  if (count % 3 === 0) await sleep(1);
}
