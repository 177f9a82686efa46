// What our own directory on the share holds when everything is in sync: nothing that nobody accounts for.
import assert from 'node:assert/strict';
import { logOf } from './replayed.ts';
import { shareOf } from './share.ts';
import type { Workspace } from './workspace.ts';

/**
 * Rejects, naming it, when something is in trash that no operation put there. (What was sent up and had changed by then
 * stays in staging until its age: who sends may not delete.)
 */
export async function nothingLeftOnShare(space: Workspace): Promise<void> {
  const known = new Set((await logOf(space)).map(({ seq, n }) => `${seq}-${n}`));
  const strange: string[] = [];
  const trash = (await shareOf(space)).getDirectoryClient('.tideway/trash');
  for await (const { name } of trash.listFilesAndDirectories()) {
    // Behind the operation stands what else it put there: the seal of a directory, the old one of a name.
    const [seq = '', n = ''] = name.split('-');
    if (!known.has(`${seq}-${n}`)) strange.push(name);
  }
  assert.deepEqual(strange, [], 'trash that no operation put there');
}
