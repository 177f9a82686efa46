// The second look: what is still as it was seen goes to the committer, which compares once more in its turn; what is as the
// namespace says by now was only in between; what has changed again is looked at later once more.
import { cloudSigner, seal } from '../../protocol/message.ts';
import type { Cloud } from '../group.ts';
import { inParallel } from '../../base/pool.ts';
import { ShareRefusal, type Share, type ShareProperties } from '../ports.ts';
import { join, type View } from '../view.ts';
import { absent, isAsKnown, stateOf } from './state.ts';
import type { SightRow } from './rows.ts';

const width = 32;

export interface Confirmed {
  /** Paths whose difference counts. */
  readonly paths: readonly string[];
  /** Names and states to be seen again. */
  readonly again: readonly [name: string, state: string][];
}

/** `deletes`: whether what is not there may count. */
export async function confirm(share: Share, view: View, sight: SightRow, deletes: boolean): Promise<Confirmed> {
  const { dir, seen } = sight;
  // In a directory that cannot be seen everything would seem to be gone (I6): it is a difference of the one above it.
  const above = await look(share, dir).catch(ifRefused);
  if (above === 'refused') return { paths: [], again: seen };
  if (above?.kind !== 'directory') return { paths: [], again: [] };
  const parent = await view.directoryAt(dir);
  const paths: string[] = [];
  const again: [string, string][] = [];
  await inParallel(seen, width, async ([name, state]) => {
    const there = await look(share, join(dir, name)).catch(ifRefused);
    if (there === 'refused') {
      again.push([name, state]);
      return;
    }
    const now = there === undefined ? absent : stateOf(there);
    const known = parent === undefined ? undefined : await view.childOnShare(parent, name);
    if (there === undefined ? known === undefined : known !== undefined && isAsKnown(known, name, there)) return;
    if (now !== state) again.push([name, now]);
    else if (now !== absent || deletes) paths.push(join(dir, name));
  });
  return { paths: paths.toSorted(), again: again.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

/** Being deleted, for example: asked again. */
function ifRefused(error: unknown): 'refused' {
  if (error instanceof ShareRefusal) return 'refused';
  throw error;
}

async function look(share: Share, path: string): Promise<ShareProperties | undefined> {
  for (const kind of path === '' ? (['directory'] as const) : (['file', 'directory'] as const)) {
    try {
      const there = await share.properties(path, kind);
      if (there !== undefined) return there;
    } catch (error) {
      if (!(error instanceof ShareRefusal) || error.fault !== 'mismatch') throw error;
    }
  }
  return undefined;
}

const maxFindings = 100;

/** The committer compares each path itself; parents come before what is in them. */
export async function sendFindings(cloud: Cloud, group: string, paths: readonly string[]): Promise<void> {
  for (let from = 0; from < paths.length; from += maxFindings) {
    const findings = paths
      .slice(from, from + maxFindings)
      .map((path) => ({ kind: 'examine' as const, path, shallow: true }));
    await cloud.changes.send(group, seal({ v: 1, group, findings }, cloudSigner, cloud.keys.privateKey));
  }
}
