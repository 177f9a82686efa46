// Snapshots of a share, over bare REST like the rest of the share. They are listed by the account, not by the share.
// https://learn.microsoft.com/rest/api/storageservices/snapshot-share and .../list-shares
import type { Share, ShareFault, ShareSnapshot } from '../cloud/ports.ts';
import { answering, refused } from './answer.ts';
import { header, type FilesRest } from './rest/files.ts';
import { parseSnapshots } from './rest/listing.ts';

const faults: Readonly<Record<string, ShareFault>> = {
  ShareSnapshotCountExceeded: 'limit',
  ShareSnapshotInProgress: 'busy',
  ShareBeingDeleted: 'busy',
  LeaseIdMissing: 'busy',
};

/** `files` is where paths begin with the name of a share. */
export function snapshotsOf(
  files: FilesRest,
  name: string,
): Pick<Share, 'takeSnapshot' | 'snapshots' | 'removeSnapshot'> {
  const account = answering(files);
  return {
    takeSnapshot: async (metadata) => {
      const query = [['restype', 'share'] as const, ['comp', 'snapshot'] as const];
      const headers = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key}`, value]));
      return header(refused(await account.call('PUT', name, query, headers), name, faults), 'x-ms-snapshot');
    },
    snapshots: async () => {
      const found: ShareSnapshot[] = [];
      for (let marker = ''; ;) {
        const query: [string, string][] = [
          ['comp', 'list'],
          ['prefix', name],
          ['include', 'snapshots,metadata'],
        ];
        if (marker !== '') query.push(['marker', marker]);
        const page = parseSnapshots(
          refused(await account.call('GET', '', query, {}), name, faults).body.toString('utf8'),
          name,
        );
        found.push(...page.snapshots);
        if (page.next === '') return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        marker = page.next;
      }
    },
    removeSnapshot: async (id) => {
      const query = [['restype', 'share'] as const, ['sharesnapshot', id] as const];
      const answer = await account.call('DELETE', name, query, {});
      if (answer.status !== 404 || !absent.has(answer.code)) refused(answer, name, faults);
    },
  };
}

const absent: ReadonlySet<string> = new Set(['ShareSnapshotNotFound', 'ShareNotFound']);
