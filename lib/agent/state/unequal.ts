import type { Database } from '../../base/sqlite.ts';
import type { NodeId } from '../../core/node.ts';
import type { Suspects } from './suspects.ts';

/** Rows that are compared before others come first: some milliseconds. */
const sliceRows = 1000;

const differs = `synced.id IS NULL OR remote.id IS NULL OR local.parent <> synced.parent OR local.name <> synced.name
  OR (local.kind = 'file' AND local.hash IS NOT synced.hash) OR local.target IS NOT synced.target
  OR local.attributes IS NOT synced.attributes OR local.mtime <> synced.mtime OR local.mode <> synced.mode
  OR remote.parent <> synced.parent OR remote.name <> synced.name
  OR json_extract(remote.json, '$.version') <> synced.version
  OR json_extract(remote.json, '$.mtime') <> synced.mtime OR json_extract(remote.json, '$.mode') <> synced.mode
  OR json_extract(remote.json, '$.owner') IS NOT json_extract(synced.attributes, '$.owner')
  OR json_extract(remote.json, '$.group') IS NOT json_extract(synced.attributes, '$.group')
  OR json_extract(remote.json, '$.xattrs') IS NOT json_extract(synced.attributes, '$.xattrs')`;

/** What is here, what was here, what is elsewhere: each from an id on, in order. */
const looks = [
  `SELECT local.id AS id, ${differs} AS differs FROM local
     LEFT JOIN synced ON synced.id = local.id LEFT JOIN remote ON remote.id = local.id
     WHERE local.id > ? ORDER BY local.id`,
  `SELECT id, NOT EXISTS (SELECT 1 FROM local WHERE local.id = synced.id) AS differs FROM synced WHERE id > ? ORDER BY id`,
  `SELECT id, NOT EXISTS (SELECT 1 FROM local WHERE local.id = remote.id) AS differs FROM remote WHERE id > ? ORDER BY id`,
];

/** Others come first `between` two slices; what they write is in the answer, too. */
export async function compare(
  db: Database,
  suspects: Suspects,
  between: () => Promise<void> = nextTurn,
  rows?: number,
): Promise<ReadonlySet<NodeId>> {
  const written = suspects.comparing();
  let unequal: Set<NodeId> | undefined;
  try {
    const found = new Set<NodeId>();
    const slices = unequalIn(db, rows);
    let slice = slices.next();
    for (; slice.done !== true; slice = slices.next()) {
      for (const id of slice.value) found.add(id);
      await between();
    }
    for (const ids of [slice.value, written]) for (const id of ids) found.add(id);
    unequal = found;
  } finally {
    suspects.compared(written, unequal);
  }
  return unequal;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Every node that the three trees disagree on, by a look at all of them: yields where it is time for others, and returns the
 * rest. Whoever writes meanwhile has to see to that himself: it may have been looked at before.
 */
export function* unequalIn(db: Database, rows = sliceRows): Generator<readonly NodeId[], readonly NodeId[]> {
  let ids: NodeId[] = [];
  for (const look of looks) {
    // A bare parameter as the limit has SQLite plan the statement anew each time it is bound.
    const statement = db.prepare(
      `SELECT json_group_array(id) FILTER (WHERE differs) AS ids, max(id) AS last, count(*) AS count
         FROM (${look} LIMIT ? + 0)`,
    );
    for (let [after, isLast] = ['', false]; !isLast;) {
      const slice = statement.get(after, rows);
      ids = ids.concat(JSON.parse(String(slice?.['ids'])) as NodeId[]);
      after = String(slice?.['last']);
      isLast = Number(slice?.['count']) < rows;
      if (isLast) continue;
      yield ids;
      ids = [];
    }
  }
  return ids;
}
