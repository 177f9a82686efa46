import type { NodeId, NodeKind } from '../../core/node.ts';
import type { Synced } from '../../core/trees.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { Recent, recentRows } from './recent.ts';
import { packName, unpackName } from './names.ts';
import { packAttributes, unpackAttributes } from './packed.ts';

type Row = Record<string, unknown>;

export class SyncedTable {
  readonly recent = new Recent<Synced>(recentRows);
  readonly #get: Statement;
  readonly #at: Statement;
  readonly #children: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #ids: Statement;
  readonly #clear: Statement;
  readonly #count: Statement;
  readonly #below: Statement;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT * FROM synced WHERE id = ?');
    this.#at = db.prepare('SELECT * FROM synced WHERE parent = ? AND name = ?');
    this.#children = db.prepare('SELECT * FROM synced WHERE parent = ?');
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO synced (id, parent, name, kind, version, size, mtime, mode, hash, target, attributes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#drop = db.prepare('DELETE FROM synced WHERE id = ?');
    this.#ids = db.prepare('SELECT id FROM synced');
    this.#clear = db.prepare('DELETE FROM synced');
    this.#count = db.prepare("SELECT count(*) AS files FROM synced WHERE kind <> 'directory'");
    // UNION, not UNION ALL: a circle of parents must end the recursion, too.
    this.#below = db.prepare(
      `WITH RECURSIVE below (id) AS (
         SELECT ? UNION SELECT synced.id FROM below JOIN synced ON synced.parent = below.id WHERE synced.kind = 'directory')
       SELECT count(*) AS files FROM below JOIN synced ON synced.parent = below.id WHERE synced.kind <> 'directory'`,
    );
  }

  get(id: NodeId): Synced | undefined {
    return this.recent.get(id, (key) => {
      const row = this.#get.get(key);
      return row === undefined ? undefined : read(row);
    });
  }

  at(parent: NodeId, name: string): Synced[] {
    return this.#at.all(parent, packName(name)).map(read);
  }

  children(parent: NodeId): Synced[] {
    return this.#children.all(parent).map(read);
  }

  put(row: Synced): void {
    const { id, parent, kind, version, size, mtime, mode, hash } = row;
    const target = row.target === undefined ? null : JSON.stringify(row.target);
    const name = packName(row.name);
    this.#put.run(id, parent, name, kind, version, size, mtime, mode, hash, target, packAttributes(row));
    this.recent.set(id, row);
  }

  drop(id: NodeId): void {
    this.#drop.run(id);
    this.recent.set(id, undefined);
  }

  countFiles(): number {
    return Number(this.#count.get()?.['files'] ?? 0);
  }

  /** Files and links below a directory, at any depth. */
  countBelow(directory: NodeId): number {
    return Number(this.#below.get(directory)?.['files'] ?? 0);
  }

  /** Forgets all; answers the ids. */
  clear(): readonly NodeId[] {
    const ids = this.#ids.all().map((row) => row['id'] as string);
    this.#clear.run();
    this.recent.clear();
    return ids;
  }
}

function read(row: Row): Synced {
  return {
    id: row['id'] as string,
    parent: row['parent'] as string,
    name: unpackName(row['name'] as string),
    kind: row['kind'] as NodeKind,
    version: row['version'] as number,
    size: row['size'] as number,
    mtime: row['mtime'] as string,
    mode: row['mode'] as number,
    hash: row['hash'] as string | null,
    ...(row['target'] === null ? {} : { target: JSON.parse(row['target'] as string) as string }),
    ...unpackAttributes(row['attributes']),
  };
}
