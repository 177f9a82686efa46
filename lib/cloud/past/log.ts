// The log, read backwards: what somebody asks about is mostly among the last rows.
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import type { Table } from '../ports.ts';
import { floorKey, floorRow } from '../rows.ts';

const page = 1000;

/** Rows from `last` down to the floor, newest first. */
export async function* backwards(table: Table, group: string, last: number): AsyncIterable<LogRow> {
  const row = await table.get(group, floorKey);
  const floor = row === undefined ? 0 : floorRow.parse(row.value).floor;
  for (let to = last; to > floor; to -= page) {
    const from = Math.max(floor + 1, to - page + 1);
    const rows = await table.range(group, logKey(from), logKey(to + 1), page);
    for (const each of rows.toReversed()) yield logRow.parse(each.value);
  }
}
