// A database in WAL mode that is written to while it is synced.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pause } from '../support/wait.ts';

export interface Writer {
  readonly rows: number;
  /** `transactions` of ten rows each, with pauses in which others read the files. */
  write(transactions: number): Promise<void>;
  close(): void;
}

export function openWriter(file: string): Writer {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  database.exec('CREATE INDEX by_text ON entry (text)');
  const insert = database.prepare('INSERT INTO entry (text) VALUES (?)');
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    write: async (transactions) => {
      for (let transaction = 0; transaction < transactions; transaction++) {
        database.exec('BEGIN');
        for (let row = 0; row < 10; row++) insert.run(`${rows++} `.repeat(40));
        database.exec('COMMIT');
        await pause(5);
      }
    },
    close: () => database.close(),
  };
}

/** What `integrity_check` says, and how many rows there are, of a copy made in `into`: the look itself writes. */
export function checkDatabase(file: string, into: string): { readonly verdict: string; readonly rows: number } {
  mkdirSync(into);
  for (const suffix of ['', '-wal'])
    if (existsSync(`${file}${suffix}`)) copyFileSync(`${file}${suffix}`, path.join(into, `copy${suffix}`));
  const database = new DatabaseSync(path.join(into, 'copy'));
  try {
    const verdict = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    const rows = database.prepare('SELECT count(*) AS rows FROM entry').get()?.['rows'];
    return { verdict: String(verdict), rows: Number(rows) };
  } finally {
    database.close();
  }
}
