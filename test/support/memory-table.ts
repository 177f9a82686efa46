// Azure Table storage in memory, with the semantics that the commit protocol leans on: a transaction is all or nothing, of at
// most 100 rows and 4 MiB, each row once, and answers ETags that never come back.
import { RowConflict, type Row, type Table, type Write } from '../../lib/cloud/ports.ts';
import { through, type Hooks } from './remote-call.ts';

interface Stored {
  readonly etag: string;
  readonly json: string;
}

const maxWrites = 100;
/** Strings are stored as UTF-16: an entity holds 1 MiB, a transaction 4 MiB. */
const maxEntity = 1024 * 1024;
const maxTransaction = 4 * 1024 * 1024;

export class MemoryTable {
  readonly #partitions = new Map<string, Map<string, Stored>>();
  #stamp = 0;

  client(hooks: Hooks = {}): Table {
    const call = <T>(method: string, args: readonly unknown[], apply: () => T): Promise<T> =>
      through(hooks, { service: 'table', method, args }, apply);
    return {
      get: (group, key) => call('get', [group, key], () => this.get(group, key)),
      range: (group, from, to, limit) =>
        call('range', [group, from, to, limit], () => this.range(group, from, to, limit)),
      transact: (group, writes) => call('transact', [group, writes], () => this.transact(group, writes)),
    };
  }

  get(group: string, key: string): Row | undefined {
    const stored = this.#rows(group).get(key);
    return stored === undefined ? undefined : rowOf(key, stored);
  }

  range(group: string, from: string, to: string, limit = 1000): readonly Row[] {
    if (limit < 1) throw new Error(`InvalidInput: a limit of ${limit}`);
    return [...this.#rows(group)]
      .filter(([key]) => key >= from && key < to)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, stored]) => rowOf(key, stored));
  }

  /** Every row of a group, in the order of keys. */
  all(group: string): readonly Row[] {
    return this.range(group, '', '\uffff', Number.MAX_SAFE_INTEGER);
  }

  transact(group: string, writes: readonly Write[]): readonly string[] {
    check(writes);
    const rows = this.#rows(group);
    for (const write of writes) {
      const there = rows.get(write.key);
      const refused =
        write.do === 'insert'
          ? there !== undefined
          : 'etag' in write && write.etag !== undefined && write.etag !== there?.etag;
      if (refused) throw new RowConflict(`${write.do} ${write.key}`);
    }
    return writes.map((write) => {
      if (write.do === 'delete') {
        rows.delete(write.key);
        return '';
      }
      const etag = `W/"${++this.#stamp}"`;
      rows.set(write.key, { etag, json: JSON.stringify(write.value) });
      return etag;
    });
  }

  #rows(group: string): Map<string, Stored> {
    let rows = this.#partitions.get(group);
    if (rows === undefined) this.#partitions.set(group, (rows = new Map()));
    return rows;
  }
}

function rowOf(key: string, stored: Stored): Row {
  return { key, etag: stored.etag, value: JSON.parse(stored.json) as unknown };
}

function check(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > maxWrites) throw new Error(`InvalidInput: ${writes.length} rows`);
  if (new Set(writes.map((write) => write.key)).size < writes.length)
    throw new Error(`InvalidDuplicateRow: ${writes.map((write) => `${write.do} ${write.key}`).join(', ')}`);
  let total = 0;
  for (const write of writes) {
    if (/[/\\#?\p{Cc}]/u.test(write.key) || write.key.length > 512) throw new Error(`KeyValueInvalid: ${write.key}`);
    const size = write.do === 'delete' ? 0 : JSON.stringify(write.value).length * 2;
    if (size > maxEntity) throw new Error(`EntityTooLarge: ${write.key}`);
    total += size;
  }
  if (total > maxTransaction) throw new Error(`RequestBodyTooLarge: ${total}`);
}
