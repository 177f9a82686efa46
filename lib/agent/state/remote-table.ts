import { rootId, type NodeId, type NodeState } from '../../core/node.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { Recent, recentRows } from './recent.ts';
import { packName } from './names.ts';

type Row = Record<string, unknown>;

export class RemoteTable {
  readonly recent = new Recent<NodeState>(recentRows);
  readonly #get: Statement;
  readonly #at: Statement;
  readonly #children: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #below: Statement;
  readonly #clear: Statement;
  readonly #ids: Statement;
  readonly #nextParent: Statement;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT json FROM remote WHERE id = ?');
    this.#at = db.prepare('SELECT json FROM remote WHERE parent = ? AND name = ?');
    this.#children = db.prepare('SELECT json FROM remote WHERE parent = ?');
    this.#put = db.prepare('INSERT OR REPLACE INTO remote (id, parent, name, json) VALUES (?, ?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM remote WHERE id = ?');
    // UNION, not UNION ALL: a cycle, which only a broken log could bring, must end the recursion too.
    this.#below = db.prepare(
      `WITH RECURSIVE below (id) AS (
         SELECT ? UNION SELECT remote.id FROM remote JOIN below ON remote.parent = below.id)
       SELECT id FROM below`,
    );
    this.#clear = db.prepare('DELETE FROM remote');
    this.#ids = db.prepare('SELECT id FROM remote');
    this.#nextParent = db.prepare('SELECT parent FROM remote WHERE parent > ? ORDER BY parent LIMIT 1');
  }

  get(id: NodeId): NodeState | undefined {
    return this.recent.get(id, (key) => {
      const row = this.#get.get(key);
      return row === undefined ? undefined : read(row);
    });
  }

  at(parent: NodeId, name: string): NodeState | undefined {
    const row = this.#at.get(parent, packName(name));
    return row === undefined ? undefined : read(row);
  }

  children(parent: NodeId): NodeState[] {
    return this.#children.all(parent).map(read);
  }

  put(node: NodeState): void {
    this.#put.run(node.id, node.parent, packName(node.name), JSON.stringify(node));
    this.recent.set(node.id, node);
  }

  /** Drops the node and, of a directory, all below; answers the ids. */
  drop(id: NodeId): readonly NodeId[] {
    const gone = this.#below.all(id).map((row) => row['id'] as string);
    for (const each of gone) {
      this.#drop.run(each);
      this.recent.set(each, undefined);
    }
    return gone;
  }

  /** Directories that something is in, and that are not in the tree themselves. Takes a look-up or two each directory. */
  missingParents(): readonly NodeId[] {
    const missing: NodeId[] = [];
    for (let row = this.#nextParent.get(''); row !== undefined;) {
      const parent = row['parent'] as string;
      if (parent !== rootId && this.#get.get(parent) === undefined) missing.push(parent);
      row = this.#nextParent.get(parent);
    }
    return missing;
  }

  /** For a resync: forgets the whole tree, answers the ids that were in it. */
  clear(): readonly NodeId[] {
    const ids = this.#ids.all().map((row) => row['id'] as string);
    this.#clear.run();
    this.recent.clear();
    return ids;
  }
}

function read(row: Row): NodeState {
  return JSON.parse(row['json'] as string) as NodeState;
}
