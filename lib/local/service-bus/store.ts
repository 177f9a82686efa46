import { GroupCommit } from '../../base/group-commit.ts';
import { must } from '../../base/errors.ts';
import { openDatabase } from '../../base/sqlite.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import type { Counters } from './counters.ts';
import { schema } from './schema.ts';

export type StoredState = 'active' | 'deferred' | 'scheduled';
const stateCodes: Readonly<Record<StoredState, number>> = { active: 0, deferred: 1, scheduled: 2 };
const stateNames: readonly StoredState[] = ['active', 'deferred', 'scheduled'];

export interface NewRow {
  readonly entity: number;
  readonly state: StoredState;
  readonly origin?: number | undefined;
  readonly session: string | undefined;
  readonly enqueuedAt: number;
  readonly ttl: number | undefined;
  readonly deliveryCount?: number | undefined;
  readonly source?: string | undefined;
  readonly messageId: string;
  readonly body: Buffer;
}

export interface Row extends Omit<NewRow, 'body' | 'messageId'> {
  readonly seq: number;
  readonly origin: number;
  readonly deliveryCount: number;
  /** Bytes of the body. */
  readonly size: number;
}

const columns = 'seq, entity, state, origin, session, enqueued_at, ttl, delivery_count, source, length(body) AS size';

/** The messages on disk. Writes are for the inside of `commit` alone; what it resolves survives a power loss. */
export class Store {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #counters: Counters;
  readonly #statements = new Map<string, Statement>();
  #inBatch = false;
  #closed = false;

  constructor(file: string, counters: Counters) {
    this.#db = openDatabase(file, schema);
    this.#group = new GroupCommit(this.#db);
    this.#counters = counters;
  }

  /** Runs `work` in the next transaction; resolves when that is on disk. */
  commit<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the broker is stopping'));
    return this.#group.run(() => {
      this.#countBatch();
      return work();
    });
  }

  #countBatch(): void {
    if (this.#inBatch) return;
    this.#inBatch = true;
    this.#counters.commits++;
    // A batch runs without a break, so the next microtask is behind its end.
    queueMicrotask(() => {
      this.#inBatch = false;
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#group.flush();
    this.#db.close();
  }

  get closed(): boolean {
    return this.#closed;
  }

  entityId(address: string): number {
    this.#statement('INSERT INTO entity (address) VALUES (?) ON CONFLICT DO NOTHING').run(address);
    return Number(must(this.#statement('SELECT id FROM entity WHERE address = ?').get(address)?.['id'], address));
  }

  /** Returns the sequence number. */
  insert(row: NewRow): number {
    return Number(
      this.#statement(
        `INSERT INTO message (entity, state, origin, session, enqueued_at, ttl, delivery_count, source, message_id, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        row.entity,
        stateCodes[row.state],
        row.origin ?? null,
        row.session ?? null,
        row.enqueuedAt,
        row.ttl ?? null,
        row.deliveryCount ?? 0,
        row.source ?? null,
        row.messageId,
        row.body,
      ).lastInsertRowid,
    );
  }

  remove(seq: number): void {
    this.#statement('DELETE FROM message WHERE seq = ?').run(seq);
  }

  update(seq: number, state: StoredState, deliveryCount: number): void {
    this.#statement('UPDATE message SET state = ?, delivery_count = ? WHERE seq = ?').run(
      stateCodes[state],
      deliveryCount,
      seq,
    );
  }

  rewrite(seq: number, body: Buffer): void {
    this.#statement('UPDATE message SET body = ? WHERE seq = ?').run(body, seq);
  }

  /** Into a dead-letter queue: it keeps its number and never expires there. */
  deadLetter(seq: number, entity: number, deliveryCount: number, source: string): void {
    this.#statement(
      'UPDATE message SET entity = ?, state = 0, ttl = NULL, delivery_count = ?, source = ? WHERE seq = ?',
    ).run(entity, deliveryCount, source, seq);
  }

  body(seq: number): Buffer {
    return bytes(must(this.#statement('SELECT body FROM message WHERE seq = ?').get(seq)?.['body'], `message ${seq}`));
  }

  messageId(seq: number): string {
    return String(this.#statement('SELECT message_id FROM message WHERE seq = ?').get(seq)?.['message_id']);
  }

  /** A message that is about to move. */
  stored(seq: number): { readonly body: Buffer; readonly source: string | undefined } {
    const row = must(this.#statement('SELECT body, source FROM message WHERE seq = ?').get(seq), `message ${seq}`);
    return { body: bytes(row['body']), source: typeof row['source'] === 'string' ? row['source'] : undefined };
  }

  *load(): Iterable<Row> {
    for (const row of this.#db.prepare(`SELECT ${columns} FROM message ORDER BY seq`).iterate()) yield rowOf(row);
  }

  /** At most `limit` rows of an entity from a sequence number on, in order. */
  peek(entity: number, from: number, limit: number, session: string | undefined): (Row & { body: Buffer })[] {
    return this.#statement(
      `SELECT ${columns}, body FROM message
       WHERE seq >= ? AND entity = ? AND (? IS NULL OR session = ?) ORDER BY seq LIMIT ?`,
    )
      .all(from, entity, session ?? null, session ?? null, limit)
      .map((row) => ({ ...rowOf(row), body: bytes(row['body']) }));
  }

  sessionState(entity: number, session: string): Buffer | undefined {
    const row = this.#statement('SELECT state FROM session_state WHERE entity = ? AND session = ?').get(
      entity,
      session,
    );
    return row === undefined ? undefined : bytes(row['state']);
  }

  setSessionState(entity: number, session: string, state: Buffer | undefined, now: number): void {
    if (state === undefined)
      this.#statement('DELETE FROM session_state WHERE entity = ? AND session = ?').run(entity, session);
    else this.#statement('INSERT OR REPLACE INTO session_state VALUES (?, ?, ?, ?)').run(entity, session, state, now);
  }

  /** Sessions that hold a message, or whose state was set after `since` (undefined: that hold a message). */
  sessions(entity: number, since: number | undefined, skip: number, top: number): string[] {
    const sql =
      since === undefined
        ? 'SELECT DISTINCT session FROM message WHERE entity = ? AND session IS NOT NULL AND ? IS NULL ORDER BY 1 LIMIT ? OFFSET ?'
        : 'SELECT session FROM session_state WHERE entity = ? AND updated_at >= ? ORDER BY 1 LIMIT ? OFFSET ?';
    return this.#statement(sql)
      .all(entity, since ?? null, top, skip)
      .map((row) => String(row['session']));
  }

  /** Whether the id is new within its window; notes it if so. */
  firstSeen(entity: number, messageId: string, now: number, until: number): boolean {
    const row = this.#statement('SELECT until FROM seen WHERE entity = ? AND message_id = ?').get(entity, messageId);
    if (row !== undefined && Number(row['until']) > now) return false;
    this.#statement('INSERT OR REPLACE INTO seen VALUES (?, ?, ?)').run(entity, messageId, until);
    return true;
  }

  /** Forgets at most `limit` ids whose window has passed; returns how many. */
  sweepSeen(now: number, limit: number): number {
    return Number(
      this.#statement(
        `DELETE FROM seen WHERE (entity, message_id) IN
           (SELECT entity, message_id FROM seen WHERE until <= ? ORDER BY until LIMIT ?)`,
      ).run(now, limit).changes,
    );
  }

  oldestSeen(): number {
    const until = this.#statement('SELECT min(until) AS until FROM seen').get()?.['until'];
    return typeof until === 'number' ? until : Number.POSITIVE_INFINITY;
  }

  rules(entity: number): { name: string; definition: string | undefined }[] {
    return this.#statement('SELECT name, definition FROM rule WHERE entity = ?')
      .all(entity)
      .map((row) => ({
        name: String(row['name']),
        definition: row['definition'] === null ? undefined : String(row['definition']),
      }));
  }

  setRule(entity: number, name: string, definition: string | undefined): void {
    this.#statement('INSERT OR REPLACE INTO rule VALUES (?, ?, ?)').run(entity, name, definition ?? null);
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

function rowOf(row: Record<string, unknown>): Row {
  const seq = Number(row['seq']);
  return {
    seq,
    entity: Number(row['entity']),
    state: must(stateNames[Number(row['state'])], 'state of a message'),
    origin: row['origin'] === null ? seq : Number(row['origin']),
    session: typeof row['session'] === 'string' ? row['session'] : undefined,
    enqueuedAt: Number(row['enqueued_at']),
    ttl: row['ttl'] === null ? undefined : Number(row['ttl']),
    deliveryCount: Number(row['delivery_count']),
    size: Number(row['size']),
    source: typeof row['source'] === 'string' ? row['source'] : undefined,
  };
}

function bytes(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new Error('broken invariant: a blob was expected');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
