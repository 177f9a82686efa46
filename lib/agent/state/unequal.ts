import type { Database } from '../../base/sqlite.ts';
import type { NodeId } from '../../core/node.ts';

/** Every node that the three trees disagree on, by a look at all of them. */
export function unequalIn(db: Database): readonly NodeId[] {
  const statement = db.prepare(
    `SELECT local.id AS id FROM local
         LEFT JOIN synced ON synced.id = local.id LEFT JOIN remote ON remote.id = local.id
         WHERE synced.id IS NULL OR remote.id IS NULL OR local.parent <> synced.parent OR local.name <> synced.name
           OR (local.kind = 'file' AND local.hash IS NOT synced.hash) OR local.target IS NOT synced.target
           OR local.attributes IS NOT synced.attributes OR local.mtime <> synced.mtime OR local.mode <> synced.mode
           OR remote.parent <> synced.parent OR remote.name <> synced.name
           OR json_extract(remote.json, '$.version') <> synced.version
           OR json_extract(remote.json, '$.mtime') <> synced.mtime OR json_extract(remote.json, '$.mode') <> synced.mode
           OR json_extract(remote.json, '$.owner') IS NOT json_extract(synced.attributes, '$.owner')
           OR json_extract(remote.json, '$.group') IS NOT json_extract(synced.attributes, '$.group')
           OR json_extract(remote.json, '$.xattrs') IS NOT json_extract(synced.attributes, '$.xattrs')
       UNION SELECT synced.id FROM synced WHERE synced.id NOT IN (SELECT id FROM local)
       UNION SELECT remote.id FROM remote WHERE remote.id NOT IN (SELECT id FROM local)`,
  );
  // After the first scan of a site they are all that it has: no row is kept beside its id.
  statement.setReturnArrays(true);
  const ids: NodeId[] = [];
  for (const row of statement.iterate()) ids.push((row as unknown as readonly [NodeId])[0]);
  return ids;
}
