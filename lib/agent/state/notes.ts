import type { NodeId } from '../../core/node.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { packName, unpackName } from './names.ts';

export interface KnownConflict {
  readonly node: NodeId;
  readonly seq: number;
  readonly server: string;
}

/** Conflict copies by the node that holds the copy. */
export class ConflictTable {
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #all: Statement;

  constructor(db: Database) {
    this.#put = db.prepare('INSERT OR REPLACE INTO conflict (node, seq, server) VALUES (?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM conflict WHERE node = ?');
    this.#all = db.prepare('SELECT node, seq, server FROM conflict ORDER BY seq');
  }

  put(conflict: KnownConflict): void {
    this.#put.run(conflict.node, conflict.seq, conflict.server);
  }

  drop(node: NodeId): void {
    this.#drop.run(node);
  }

  all(): readonly KnownConflict[] {
    return this.#all.all().map((row) => ({
      node: row['node'] as string,
      seq: row['seq'] as number,
      server: row['server'] as string,
    }));
  }
}

/** An old content that waits in `.tideway/replaced/<file>` until nobody has it open. */
export interface Kept {
  readonly file: string;
  /** Where it would come back as a copy. */
  readonly parent: NodeId;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export class ReplacedTable {
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #all: Statement;

  constructor(db: Database) {
    this.#put = db.prepare('INSERT OR REPLACE INTO replaced (file, parent, name, since) VALUES (?, ?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM replaced WHERE file = ?');
    this.#all = db.prepare('SELECT file, parent, name, since FROM replaced');
  }

  put(kept: Kept): void {
    this.#put.run(kept.file, kept.parent, packName(kept.name), kept.since);
  }

  drop(file: string): void {
    this.#drop.run(file);
  }

  all(): readonly Kept[] {
    return this.#all.all().map((row) => ({
      file: row['file'] as string,
      parent: row['parent'] as string,
      name: unpackName(row['name'] as string),
      since: row['since'] as number,
    }));
  }
}
