// The service in a process of its own, for tests that kill it: `node child.ts DIR`, prints its URL, stays.
import { startFiles } from '../../../lib/local/files/service.ts';

const [dir = ''] = process.argv.slice(2);
const account = { name: 'tideway', key: Buffer.alloc(64, 7).toString('base64') };

startFiles({ dir, account }).then(
  (service) => process.stdout.write(`${service.url}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
