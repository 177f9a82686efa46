import type { Known } from '../../core/identify.ts';
import type { NodeId, NodeKind } from '../../core/node.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { Recent, recentRows } from './recent.ts';
import { packName, unpackName } from './names.ts';
import { packAttributes, unpackAttributes } from './packed.ts';

/** An array costs half of what an object of the same columns does, and a scan reads every row. */
type Row = readonly unknown[];
const columns =
  'id, parent, name, kind, size, mtime, mode, hash, settled, inode, born, stat_mtime, ctime, target, attributes, seen';

export class LocalTable {
  readonly recent = new Recent<Known>(recentRows);
  /** Once somebody has asked: counting takes as long as a scan of the table, and `status` asks every moment. */
  #files: number | undefined;
  readonly #get: Statement;
  readonly #at: Statement;
  readonly #children: Statement;
  readonly #inode: Statement;
  readonly #put: Statement;
  readonly #update: Statement;
  readonly #drop: Statement;
  readonly #count: Statement;
  readonly #upTo: Statement;

  constructor(db: Database) {
    this.#get = rows(db, 'id = ?');
    this.#at = rows(db, 'parent = ? AND name = ?');
    this.#children = rows(db, 'parent = ?');
    this.#inode = rows(db, 'inode = ?');
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO local (${columns})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE local SET kind = ?, size = ?, mtime = ?, mode = ?, hash = ?, settled = ?, born = ?, stat_mtime = ?, ctime = ?,
         target = ?, attributes = ?, seen = ? WHERE id = ?`,
    );
    this.#drop = db.prepare('DELETE FROM local WHERE id = ?');
    this.#upTo = db.prepare('SELECT count(*) AS some FROM (SELECT 1 FROM local WHERE parent = ? LIMIT ? + 0)');
    this.#count = db.prepare(`SELECT count(*) AS files FROM local WHERE kind = 'file'`);
  }

  get(id: NodeId): Known | undefined {
    return this.recent.get(id, (key) => entry(row(this.#get.get(key))));
  }

  at(parent: NodeId, name: string): Known | undefined {
    return entry(row(this.#at.get(parent, packName(name))));
  }

  children(parent: NodeId): Known[] {
    return (this.#children.all(parent) as unknown as Row[]).map(read);
  }

  /** How many entries a directory has, counted up to `limit`. */
  countChildren(parent: NodeId, limit: number): number {
    return Number(this.#upTo.get(parent, limit)?.['some'] ?? 0);
  }

  /** More than one where a file has several names (hard links), or a number was given again. */
  withInode(inode: string): Known[] {
    return (this.#inode.all(inode) as unknown as Row[]).map(read);
  }

  put(row: Known): void {
    const { id, parent, kind, size, mtime, mode, hash, inode, born, statMtime, ctime } = row;
    const target = row.target === undefined ? null : JSON.stringify(row.target);
    const attributes = packAttributes(row);
    const shown = row.seen === undefined ? null : packAttributes(row.seen);
    const seen = shown === attributes ? null : (shown ?? nothing);
    const settled = row.settled ? 1 : 0;
    const before = this.#files === undefined ? this.recent.peek(id) : this.get(id);
    // Where it stands is in two indexes, which are left alone if it stays.
    if (before !== undefined && before.parent === parent && before.name === row.name && before.inode === inode)
      this.#update.run(kind, size, mtime, mode, hash, settled, born, statMtime, ctime, target, attributes, seen, id);
    else {
      const name = packName(row.name);
      const values = [id, parent, name, kind, size, mtime, mode, hash, settled, inode, born, statMtime, ctime];
      this.#put.run(...values, target, attributes, seen);
    }
    this.#counted(before, row);
    this.recent.set(id, row);
  }

  drop(id: NodeId): void {
    const before = this.#files === undefined ? undefined : this.get(id);
    this.#drop.run(id);
    this.#counted(before, undefined);
    this.recent.set(id, undefined);
  }

  countFiles(): number {
    return (this.#files ??= Number(this.#count.get()?.['files'] ?? 0));
  }

  #counted(before: Known | undefined, after: Known | undefined): void {
    if (this.#files !== undefined) this.#files += Number(after?.kind === 'file') - Number(before?.kind === 'file');
  }

  /** What memory holds of the table may be wrong. */
  forget(): void {
    this.recent.clear();
    this.#files = undefined;
  }
}

function rows(db: Database, where: string): Statement {
  const statement = db.prepare(`SELECT ${columns} FROM local WHERE ${where}`);
  statement.setReturnArrays(true);
  return statement;
}

/** Node's types know rows as objects only. */
function row(found: unknown): Row | undefined {
  return found as Row | undefined;
}

function entry(row: Row | undefined): Known | undefined {
  return row === undefined ? undefined : read(row);
}

/** In the order of `columns`. */
function read(row: Row): Known {
  const [id, parent, name, kind, size, mtime, mode, hash, settled, inode, born, statMtime, ctime] = row as [
    ...[NodeId, NodeId, string, NodeKind, number, string, number, string | null, number],
    ...[string, string, string, string],
  ];
  const known: Known = {
    id,
    parent,
    name: unpackName(name),
    kind,
    size,
    mtime,
    mode,
    hash,
    settled: settled === 1,
    inode,
    born,
    statMtime,
    ctime,
  };
  const [target, attributes, seen] = [row[13], row[14], row[15]];
  if (target !== null) Object.assign(known, { target: JSON.parse(target as string) as string });
  if (attributes === null && seen === null) return known;
  const given = unpackAttributes(attributes);
  return Object.assign(known, given, { seen: seen === null ? given : unpackAttributes(seen) });
}

const nothing = '{}';
