// Everything that the tests of one run write lies in one folder, which goes away with the run. TIDEWAY_KEEP keeps it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function begin() {
  // What may serve the next run as well stays where it was.
  process.env['TIDEWAY_TMP'] = tmpdir();
  const folder = mkdtempSync(join(tmpdir(), 'tw-'));
  // Workers are born with it.
  process.env['TMPDIR'] = folder;
  if (process.env['TIDEWAY_KEEP'] !== undefined) return;
  // A process that a test left behind may still be writing; what it held back is named then, and no test fails by it.
  process.once('exit', () => {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      process.stderr.write(`${folder} could not be removed: ${String(error)}\n`);
    }
  });
}
