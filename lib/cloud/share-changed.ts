// Somebody edits the share directly and posts the path: it is looked at now and once more 200 ms later, so that a file in
// the middle of being written is not taken for its end; then the committer compares it with the namespace, in its turn.
import { cloudSigner, seal } from '../protocol/message.ts';
import type { Cloud } from './group.ts';
import { ShareRefusal, type Share } from './ports.ts';
import { listGroups } from './registry.ts';
import { groupKey, groupRow } from './rows.ts';

export interface ShareChanged {
  /** Path on the share, `/` between names. */
  readonly path: string;
  /** Group or share it is of; may be left out where there is one group only. */
  readonly group?: string | undefined;
  readonly share?: string | undefined;
}

const looks = 25;

/** False when no group has that share, or several groups could be meant. */
export async function shareChanged(cloud: Cloud, event: ShareChanged): Promise<boolean> {
  const target = await groupOf(cloud, event);
  if (target === undefined) return false;
  const path = event.path
    .split('/')
    .filter((name) => name !== '')
    .join('/');
  await lookTwice(cloud, target.group, cloud.share(target.share), path);
  return true;
}

/** `shallow`: what is below the path is looked at by somebody else. */
export async function lookTwice(
  cloud: Cloud,
  group: string,
  share: Share,
  path: string,
  shallow = false,
): Promise<void> {
  let before = await glance(share, path);
  for (let look = 0; look < looks; look++) {
    await cloud.clock.sleep(cloud.settings.secondLookMs);
    const now = await glance(share, path);
    if (now === before) break; // still changing after 5 s: examined all the same, its writer will post it again
    before = now;
  }
  const findings = [{ kind: 'examine' as const, path, ...(shallow ? { shallow } : {}) }];
  await cloud.changes.send(group, seal({ v: 1, group, findings }, cloudSigner, cloud.keys.privateKey));
}

async function groupOf(cloud: Cloud, event: ShareChanged): Promise<{ group: string; share: string } | undefined> {
  const groups = await listGroups(cloud);
  const found: { group: string; share: string }[] = [];
  for (const group of groups) {
    const row = await cloud.table.get(group, groupKey);
    if (row === undefined) continue;
    const { share } = groupRow.parse(row.value);
    if ((event.group ?? group) === group && (event.share ?? share) === share) found.push({ group, share });
  }
  return found.length === 1 ? found[0] : undefined;
}

/** What tells one state of a path from another; '' where nothing is. */
async function glance(share: Share, path: string): Promise<string> {
  for (const kind of ['file', 'directory'] as const) {
    try {
      const there = await share.properties(path, kind);
      if (there !== undefined) return `${kind} ${there.fileId} ${there.etag} ${there.size} ${there.lastWrite}`;
    } catch (error) {
      if (!(error instanceof ShareRefusal) || error.fault !== 'mismatch') throw error;
    }
  }
  return '';
}
