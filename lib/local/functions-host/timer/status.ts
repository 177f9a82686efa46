import type { LeaseStore } from './lease.ts';
import { type Database, type Schema, openDatabase } from '../../../base/sqlite.ts';

/** Milliseconds since 1970; `last` is undefined until the timer has fired once. */
export interface ScheduleStatus {
  readonly last: number | undefined;
  readonly next: number;
  readonly lastUpdated: number;
}

const leases = `
    -- Until when (ms since 1970) a timer belongs to the host that fires it: one that was killed gives nothing back.
    CREATE TABLE lease (
      function TEXT PRIMARY KEY,
      until INTEGER NOT NULL
    ) STRICT;
`;

const schema: Schema = {
  applicationId: 0x54574648,
  version: 2,
  migrations: { 2: leases },
  create: `
    -- One row a timer function: when it last fired and when it is due, so that a missed tick is noticed after a restart.
    CREATE TABLE timer (
      function TEXT PRIMARY KEY,
      last INTEGER,
      next INTEGER NOT NULL,
      lastUpdated INTEGER NOT NULL
    ) STRICT;
    ${leases}
  `,
};

/** The timers' memory across restarts. */
export class TimerStatusStore implements LeaseStore {
  readonly #db: Database;

  constructor(file: string) {
    this.#db = openDatabase(file, schema);
  }

  get(name: string): ScheduleStatus | undefined {
    const row = this.#db.prepare('SELECT last, next, lastUpdated FROM timer WHERE function = ?').get(name);
    if (row === undefined) return undefined;
    return {
      last: row['last'] === null ? undefined : Number(row['last']),
      next: Number(row['next']),
      lastUpdated: Number(row['lastUpdated']),
    };
  }

  set(name: string, status: ScheduleStatus): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO timer (function, last, next, lastUpdated) VALUES (?, ?, ?, ?)')
      .run(name, status.last ?? null, status.next, status.lastUpdated);
  }

  leasedUntil(name: string): number {
    return Number(this.#db.prepare('SELECT until FROM lease WHERE function = ?').get(name)?.['until'] ?? 0);
  }

  lease(name: string, until: number): void {
    this.#db.prepare('INSERT OR REPLACE INTO lease (function, until) VALUES (?, ?)').run(name, Math.ceil(until));
  }

  close(): void {
    this.#db.close();
  }
}
