import { GroupCommit } from '../../base/group-commit.ts';
import { type Database, openDatabase } from '../../base/sqlite.ts';
import type { Ending } from './dead-letter.ts';
import type { EventSchema, PublishedEvent } from './event.ts';
import { schema } from './schema.ts';

/** One event on its way to one subscription. */
export interface Delivery {
  readonly subscription: string;
  readonly event: number;
  readonly schema: EventSchema;
  readonly id: string;
  readonly type: string;
  /** The event as JSON. */
  readonly body: string;
  /** Attempts that failed so far. */
  readonly attempts: number;
  readonly publishedAt: number;
}

export interface DeadLetter extends Ending {
  readonly subscription: string;
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

/** One that is still to be written to its file. */
export interface Unwritten extends Ending {
  readonly seq: number;
  readonly body: string;
  readonly file: string;
}

/** Events and where they still have to go. What a promise of it has confirmed survives power loss. */
export class EventStore {
  readonly #db: Database;
  readonly #commits: GroupCommit;

  constructor(file: string) {
    this.#db = openDatabase(file, schema);
    this.#commits = new GroupCommit(this.#db);
  }

  /** Records each event for its subscriptions; one without any is forgotten at once. */
  publish(
    events: readonly { event: PublishedEvent; subscriptions: readonly string[] }[],
    now: number,
  ): Promise<Delivery[]> {
    const wanted = events.filter(({ subscriptions }) => subscriptions.length > 0);
    if (wanted.length === 0) return Promise.resolve([]);
    const addEvent = this.#db.prepare('INSERT INTO event (schema, id, type, body, publishedAt) VALUES (?, ?, ?, ?, ?)');
    const addDelivery = this.#db.prepare(
      'INSERT INTO delivery (subscription, event, attempts, dueAt) VALUES (?, ?, 0, ?)',
    );
    return this.#commits.run(() =>
      wanted.flatMap(({ event, subscriptions }) => {
        const body = JSON.stringify(event.value);
        const seq = Number(addEvent.run(event.schema, event.id, event.type, body, now).lastInsertRowid);
        return subscriptions.map((subscription): Delivery => {
          addDelivery.run(subscription, seq, now);
          const { schema: of, id, type } = event;
          return { subscription, event: seq, schema: of, id, type, body, attempts: 0, publishedAt: now };
        });
      }),
    );
  }

  /** Those due for a subscription, the longest due first. */
  due(subscription: string, now: number, most: number): Delivery[] {
    return this.#db
      .prepare(
        `SELECT d.subscription, d.event, d.attempts, e.schema, e.id, e.type, e.body, e.publishedAt
         FROM delivery d JOIN event e ON e.seq = d.event
         WHERE d.subscription = ? AND d.dueAt <= ? ORDER BY d.dueAt LIMIT ?`,
      )
      .all(subscription, now, most) as unknown as Delivery[];
  }

  /** When the next delivery after `now` is due, for one subscription; undefined if there is none. */
  nextDue(subscription: string, now: number): number | undefined {
    const row = this.#db
      .prepare('SELECT min(dueAt) AS at FROM delivery WHERE subscription = ? AND dueAt > ?')
      .get(subscription, now);
    return row?.['at'] === null || row?.['at'] === undefined ? undefined : Number(row['at']);
  }

  delivered(delivery: Delivery): Promise<void> {
    return this.#commits.run(() => this.#remove(delivery));
  }

  retryAt(delivery: Delivery, dueAt: number): Promise<void> {
    const { subscription, event, attempts } = delivery;
    return this.#commits.run(() => {
      this.#db
        .prepare('UPDATE delivery SET attempts = ?, dueAt = ? WHERE subscription = ? AND event = ?')
        .run(attempts + 1, Math.ceil(dueAt), subscription, event);
    });
  }

  /** With a `file` it is to be written there, and forgotten then. */
  bury(delivery: Delivery, ending: Omit<Ending, 'publishedAt'>, file: string | undefined): Promise<void> {
    const { subscription, id, type, body, publishedAt } = delivery;
    const { reason, attempts, lastOutcome, status, at } = ending;
    return this.#commits.run(() => {
      this.#db
        .prepare(
          `INSERT INTO deadLetter (subscription, id, type, body, reason, attempts, lastOutcome, publishedAt, at, status, file)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          subscription,
          id,
          type,
          body,
          reason,
          attempts,
          lastOutcome,
          publishedAt,
          at,
          status ?? null,
          file ?? null,
        );
      this.#remove(delivery);
    });
  }

  unwritten(most: number): readonly Unwritten[] {
    const rows = this.#db.prepare('SELECT * FROM deadLetter WHERE file IS NOT NULL ORDER BY seq LIMIT ?').all(most);
    return rows.map(defined) as unknown as Unwritten[];
  }

  written(seq: number): Promise<void> {
    return this.#commits.run(() => {
      this.#db.prepare('DELETE FROM deadLetter WHERE seq = ?').run(seq);
    });
  }

  deadLetters(): DeadLetter[] {
    return this.#db.prepare('SELECT * FROM deadLetter ORDER BY seq').all().map(defined) as unknown as DeadLetter[];
  }

  pending(): number {
    return Number(this.#db.prepare('SELECT count(*) AS n FROM delivery').get()?.['n']);
  }

  isValidated(subscription: string, endpoint: string): boolean {
    const row = this.#db.prepare('SELECT endpoint FROM validated WHERE subscription = ?').get(subscription);
    return row?.['endpoint'] === endpoint;
  }

  validated(subscription: string, endpoint: string): Promise<void> {
    return this.#commits.run(() => {
      this.#db
        .prepare('INSERT OR REPLACE INTO validated (subscription, endpoint) VALUES (?, ?)')
        .run(subscription, endpoint);
    });
  }

  /** Drops what waits for subscriptions that are no more. */
  keepOnly(subscriptions: readonly string[]): Promise<void> {
    return this.#commits.run(() => {
      const marks = subscriptions.map(() => '?').join(',');
      this.#db.prepare(`DELETE FROM delivery WHERE subscription NOT IN (${marks})`).run(...subscriptions);
      this.#db.exec('DELETE FROM event WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE event = seq)');
    });
  }

  close(): void {
    this.#commits.flush();
    this.#db.close();
  }

  #remove({ subscription, event }: Delivery): void {
    this.#db.prepare('DELETE FROM delivery WHERE subscription = ? AND event = ?').run(subscription, event);
    this.#db
      .prepare('DELETE FROM event WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = seq)')
      .run(event);
  }
}

function defined<T extends Readonly<Record<string, unknown>>>(row: T): T & { readonly status: unknown } {
  return { ...row, status: row['status'] ?? undefined };
}
