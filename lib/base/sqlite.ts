// The only file that names Node's SQLite module: newer Node documentation renames its class.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { TidewayError, codeOf, messageOf } from './errors.ts';

export type Database = DatabaseSync;
export type Statement = StatementSync;

export interface Schema {
  /** Says which program's file this is (PRAGMA application_id), so that a wrong file is refused, not rewritten. */
  readonly applicationId: number;
  /** The newest version: `create` describes it whole. */
  readonly version: number;
  readonly create: string;
  /** What a person can do when the file is damaged; without it: restore it, for nothing makes it again. */
  readonly ifDamaged?: string | undefined;
  /** Scripts by the version they lead to; each runs in one transaction with the new version number. */
  readonly migrations?: Readonly<Record<number, string>> | undefined;
}

/**
 * Opens (or makes) a state file: WAL, every commit durable against power loss, and locked for this process until it is
 * closed, so that a second holder is refused (the lock dies with the process). `:memory:` is for tests.
 *
 * Errors: `state_locked`, `state_corrupt`, `state_foreign`, `state_newer`, `state_unusable`.
 */
export function openDatabase(file: string, schema: Schema): Database {
  let db: Database | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    // Until the first write an exclusive-mode connection holds no lock that a second one would meet.
    db.exec('BEGIN EXCLUSIVE; COMMIT;');
    prepare(db, file, schema);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file, schema);
  }
}

function prepare(db: Database, file: string, schema: Schema): void {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  if (version === 0 && application === 0) {
    transaction(db, () => {
      db.exec(schema.create);
      db.exec(`PRAGMA application_id = ${schema.applicationId}; PRAGMA user_version = ${schema.version};`);
    });
    return;
  }
  if (application !== schema.applicationId)
    throw new TidewayError('state_foreign', `${file} belongs to another program or another part of Tideway`, {
      path: file,
      hint: 'Name another directory, or move this file away.',
    });
  if (version > schema.version)
    throw new TidewayError('state_newer', `${file} was written by a newer Tideway (state version ${version})`, {
      path: file,
      hint: `Install that version again; this one reads state up to version ${schema.version}.`,
    });
  for (let next = version + 1; next <= schema.version; next++) {
    const script = schema.migrations?.[next];
    if (script === undefined) throw new Error(`broken invariant: no migration to version ${next} of ${file}`);
    transaction(db, () => {
      db.exec(script);
      db.exec(`PRAGMA user_version = ${next};`);
    });
  }
}

function pragma(db: Database, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name] ?? 0);
}

/** Runs `work` in one transaction; rolls back and rethrows when it throws. Not nestable. */
export function transaction<T>(db: Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const corrupt = /malformed|not a database|corrupt/i;
const locked = /locked|busy/i;

function explain(error: unknown, file: string, schema: Schema): Error {
  if (error instanceof TidewayError) return error;
  const text = messageOf(error);
  if (locked.test(text))
    return new TidewayError('state_locked', `${file} is in use by another process`, {
      path: file,
      hint: 'Stop the other process first; two holders of one state would overwrite each other.',
      cause: error,
    });
  if (corrupt.test(text))
    return new TidewayError('state_corrupt', `${file} is damaged: ${text}`, {
      path: file,
      hint:
        schema.ifDamaged ?? 'Restore it, with the files beside it, from a backup: nothing else holds what is in it.',
      cause: error,
    });
  if (codeOf(error) === 'ERR_SQLITE_ERROR')
    return new TidewayError('state_unusable', `${file} cannot be opened: ${text}`, {
      path: file,
      hint: 'Check that the directory exists, is writable and has free space.',
      cause: error,
    });
  return error instanceof Error ? error : new Error(text);
}
