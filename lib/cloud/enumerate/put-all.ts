import type { Table, Write } from '../ports.ts';

const maxWrites = 100;
/** Characters of JSON; a transaction holds 4 MiB, in UTF-16. */
const maxLength = 1_000_000;

/** Rows that may be written again, in as many transactions as they take. */
export async function putAll(table: Table, group: string, writes: readonly Write[]): Promise<void> {
  let batch: Write[] = [];
  let length = 0;
  for (const write of writes) {
    const size = 'value' in write ? JSON.stringify(write.value).length : 0;
    if (batch.length > 0 && (batch.length >= maxWrites || length + size > maxLength)) {
      await table.transact(group, batch);
      batch = [];
      length = 0;
    }
    batch.push(write);
    length += size;
  }
  if (batch.length > 0) await table.transact(group, batch);
}
