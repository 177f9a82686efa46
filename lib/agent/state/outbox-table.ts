import type { Operation } from '../../protocol/operation.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { takenBack, type Flight } from '../send/flight.ts';

type Kept = Operation & Pick<Flight, 'was'>;

export class OutboxTable {
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #clear: Statement;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT n, operation, parked FROM outbox ORDER BY n');
    this.#put = db.prepare('INSERT OR REPLACE INTO outbox (n, operation, parked) VALUES (?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM outbox WHERE n = ?');
    this.#clear = db.prepare('DELETE FROM outbox');
  }

  all(): readonly Flight[] {
    return this.#all.all().map((row) => {
      const { was, ...operation } = JSON.parse(row['operation'] as string) as Kept;
      const parked = row['parked'] as string | null;
      return { n: row['n'] as number, operation, ...(was === undefined ? {} : { was }), parked };
    });
  }

  put({ n, operation, was, parked }: Flight): void {
    const kept: Kept = { ...operation, was };
    this.#put.run(n, JSON.stringify(kept), parked);
  }

  /** Of an agent that has not begun yet; see `Outbox.takeBack`. */
  takeBack(): void {
    for (const flight of this.all()) this.put(takenBack(flight));
  }

  drop(n: number): void {
    this.#drop.run(n);
  }

  clear(): void {
    this.#clear.run();
  }
}
