import type { Database, Statement } from '../../base/sqlite.ts';
import { FilesError } from './errors.ts';
import type { Share } from './shares.ts';
import { isoOf } from './stamps.ts';
import type { Node } from './tree.ts';

/** A row of the table `snapshot`; on the wire its name is `isoOf(id)`. */
export interface Snapshot {
  readonly id: number;
  readonly share: number;
  readonly quota: number;
  readonly metadata: string;
}

const columns =
  'parent, fold, name, id, kind, size, content, etag, attributes, created, written, changed, permission, metadata, headers, lease';

/** Read-only trees of a share as it was. Rows are copied, contents are shared until the live file is written. */
export class Snapshots {
  readonly #list: Statement;
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #copy: Statement;
  readonly #delete: Statement;
  readonly #deleteNodes: Statement;
  readonly #unneeded: Statement;
  readonly #holds: Statement;
  readonly #node: Statement;

  constructor(db: Database) {
    this.#list = db.prepare('SELECT id, share, quota, metadata FROM snapshot WHERE share = ? ORDER BY id');
    this.#find = db.prepare('SELECT id, share, quota, metadata FROM snapshot WHERE share = ? AND id = ?');
    this.#insert = db.prepare('INSERT INTO snapshot (id, share, quota, metadata) VALUES (?, ?, ?, ?)');
    this.#copy = db.prepare(
      `WITH RECURSIVE below(id) AS (SELECT ? UNION ALL SELECT node.id FROM below JOIN node ON node.parent = below.id)
       INSERT INTO snapshot_node (snapshot, ${columns})
       SELECT ?, ${columns} FROM node WHERE id IN below`,
    );
    this.#delete = db.prepare('DELETE FROM snapshot WHERE id = ?');
    this.#holds = db.prepare('SELECT 1 FROM snapshot_node WHERE content = ? LIMIT 1');
    this.#node = db.prepare(`SELECT ${columns} FROM snapshot_node WHERE snapshot = ? AND id = ?`);
    this.#deleteNodes = db.prepare('DELETE FROM snapshot_node WHERE snapshot = ?');
    // The live tree has no index by content, which would cost every create: so the old tree is joined by file id.
    this.#unneeded = db.prepare(
      `SELECT DISTINCT old.content FROM snapshot_node old LEFT JOIN node ON node.id = old.id
       WHERE old.snapshot = ?1 AND old.content <> 0 AND node.content IS NOT old.content
       AND NOT EXISTS (SELECT 1 FROM snapshot_node o WHERE o.content = old.content AND o.snapshot <> ?1)`,
    );
  }

  list(share: Share): readonly Snapshot[] {
    return this.#list.all(share.root) as unknown as readonly Snapshot[];
  }

  /** Errors: InvalidQueryParameterValue, ShareSnapshotNotFound. */
  find(share: Share, time: string): Snapshot {
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new FilesError('InvalidQueryParameterValue', 'sharesnapshot');
    const id = Math.floor(ms / 1000) * 1_000_000 + Number((/\.(\d{6})/.exec(time)?.[1] ?? '0').padEnd(6, '0'));
    const found = this.#find.get(share.root, id) as unknown as Snapshot | undefined;
    if (found === undefined || isoOf(found.id) !== time) throw new FilesError('ShareSnapshotNotFound');
    return found;
  }

  /** The file with this id as it was. */
  node(snapshot: number, id: number): Node | undefined {
    return this.#node.get(snapshot, id) as unknown as Node | undefined;
  }

  holds(content: number): boolean {
    return this.#holds.get(content) !== undefined;
  }

  /** Inside a transaction. */
  create(share: Share, id: number, metadata: string): void {
    this.#insert.run(id, share.root, share.quota, metadata);
    this.#copy.run(share.root, id);
  }

  /** Inside a transaction: removes it and gives the contents that nothing needs any more. */
  delete(id: number): readonly number[] {
    const unneeded = this.#unneeded.all(id).map((row) => Number(row['content']));
    this.#deleteNodes.run(id);
    this.#delete.run(id);
    return unneeded;
  }
}
