// Azure Table storage in memory, with the semantics that the commit protocol leans on: a transaction is all or nothing, of at
// most 100 rows and 4 MiB, each row once, and answers ETags that never come back.
import { RowConflict, type Row, type Table, type Write } from '../../lib/cloud/ports.ts';
import { through, type Hooks } from './remote-call.ts';

/** The rows of a group: by key, and the keys in order. */
interface Partition {
  readonly rows: Map<string, Row>;
  readonly keys: string[];
}

const maxWrites = 100;
/** Strings are stored as UTF-16: an entity holds 1 MiB, a transaction 4 MiB. */
const maxEntity = 1024 * 1024;
const maxTransaction = 4 * 1024 * 1024;

export class MemoryTable {
  readonly #partitions = new Map<string, Partition>();
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
    return this.#partition(group).rows.get(key);
  }

  range(group: string, from: string, to: string, limit = 1000): readonly Row[] {
    if (limit < 1) throw new Error(`InvalidInput: a limit of ${limit}`);
    const { rows, keys } = this.#partition(group);
    const out: Row[] = [];
    for (let at = placeOf(keys, from); at < keys.length && out.length < limit; at++) {
      const key = keys[at] ?? '';
      if (key >= to) break;
      const row = rows.get(key);
      if (row !== undefined) out.push(row);
    }
    return out;
  }

  /** Every row of a group, in the order of keys. */
  all(group: string): readonly Row[] {
    return this.range(group, '', '\uffff', Number.MAX_SAFE_INTEGER);
  }

  transact(group: string, writes: readonly Write[]): readonly string[] {
    const texts = checked(writes);
    const { rows, keys } = this.#partition(group);
    for (const write of writes) {
      const there = rows.get(write.key);
      const refused =
        write.do === 'insert'
          ? there !== undefined
          : 'etag' in write && write.etag !== undefined && write.etag !== there?.etag;
      if (refused) throw new RowConflict(`${write.do} ${write.key}`);
    }
    return writes.map((write, index) => {
      const known = rows.has(write.key);
      if (write.do === 'delete') {
        if (known) keys.splice(placeOf(keys, write.key), 1);
        rows.delete(write.key);
        return '';
      }
      if (!known) keys.splice(placeOf(keys, write.key), 0, write.key);
      const etag = `W/"${++this.#stamp}"`;
      rows.set(write.key, { key: write.key, etag, value: frozen(JSON.parse(texts[index] ?? '')) });
      return etag;
    });
  }

  #partition(group: string): Partition {
    let partition = this.#partitions.get(group);
    if (partition === undefined) this.#partitions.set(group, (partition = { rows: new Map(), keys: [] }));
    return partition;
  }
}

/** The first place whose key is not less. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All readers of a row get one object. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const key in value) frozen(value[key as keyof typeof value]);
  return Object.freeze(value);
}

/** The rows as they are stored. */
function checked(writes: readonly Write[]): readonly string[] {
  if (writes.length === 0 || writes.length > maxWrites) throw new Error(`InvalidInput: ${writes.length} rows`);
  if (new Set(writes.map((write) => write.key)).size < writes.length)
    throw new Error(`InvalidDuplicateRow: ${writes.map((write) => `${write.do} ${write.key}`).join(', ')}`);
  let total = 0;
  const texts = writes.map((write) => (write.do === 'delete' ? '' : JSON.stringify(write.value)));
  for (const [index, write] of writes.entries()) {
    if (/[/\\#?\p{Cc}]/u.test(write.key) || write.key.length > 512) throw new Error(`KeyValueInvalid: ${write.key}`);
    const size = (texts[index] ?? '').length * 2;
    if (size > maxEntity) throw new Error(`EntityTooLarge: ${write.key}`);
    total += size;
  }
  if (total > maxTransaction) throw new Error(`RequestBodyTooLarge: ${total}`);
  return texts;
}
