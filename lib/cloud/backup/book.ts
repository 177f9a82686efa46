// All that is written down of a group's backups, but for the snapshots themselves: few rows, read at once.
import type { Cloud } from '../group.ts';
import { RowConflict, type Row } from '../ports.ts';
import { after, endpointKey, endpointRow, type EndpointRow } from '../rows.ts';
import {
  nextKey,
  nextRow,
  orderPrefix,
  orderRow,
  settingsKey,
  settingsRow,
  snapshotPrefix,
  snapshotRow,
  stateKey,
  stateRow,
  type BackupSettings,
  type BackupState,
  type OrderRow,
  type SnapshotRow,
} from './rows.ts';

export interface Entry<T> {
  readonly key: string;
  readonly etag: string;
  readonly value: T;
}

export interface Book {
  readonly settings: Entry<BackupSettings> | undefined;
  readonly state: Entry<BackupState> | undefined;
  readonly next: Entry<{ v: 1; next: number }> | undefined;
  readonly author: EndpointRow | undefined;
  /** In the order of their numbers. */
  readonly orders: readonly Entry<OrderRow>[];
}

const pageSize = 1000;

export async function readBook(cloud: Cloud, group: string): Promise<Book> {
  const rows = await readAll(cloud, group, 'backup|');
  const at = <T>(key: string, schema: { parse(value: unknown): T }): Entry<T> | undefined => {
    const row = rows.find((each) => each.key === key);
    return row === undefined ? undefined : { ...row, value: schema.parse(row.value) };
  };
  const orders = rows.filter(({ key }) => key.startsWith(orderPrefix)).map((row) => parsedOrder(row));
  return {
    settings: at(settingsKey, settingsRow),
    state: at(stateKey, stateRow),
    next: at(nextKey, nextRow),
    author: at(endpointKey('backup'), endpointRow)?.value,
    orders: orders.toSorted((a, b) => a.value.n - b.value.n),
  };
}

/** One page in nearly all cases: somebody may order many snapshots an hour. */
async function readAll(cloud: Cloud, group: string, prefix: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let from = prefix; ;) {
    const page = await cloud.table.range(group, from, after(prefix), pageSize);
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return rows;
    from = `${last.key}!`; // sorts right behind it
  }
}

function parsedOrder(row: Row): Entry<OrderRow> {
  return { ...row, value: orderRow.parse(row.value) };
}

/** The snapshots that the log knows, oldest first. */
export async function readSnapshots(cloud: Cloud, group: string): Promise<readonly SnapshotRow[]> {
  const rows = await readAll(cloud, group, snapshotPrefix);
  return rows.map((row) => snapshotRow.parse(row.value)).toSorted((a, b) => a.seq - b.seq);
}

/** Changes the state as it is now, however often others change it meanwhile. Answers what it is then. */
export async function changeState(
  cloud: Cloud,
  group: string,
  change: (state: BackupState) => BackupState,
): Promise<BackupState> {
  for (;;) {
    const row = await cloud.table.get(group, stateKey);
    const before: BackupState = row === undefined ? { v: 1, begunUpTo: 0, lookedAt: 0 } : stateRow.parse(row.value);
    const value = change(before);
    if (row !== undefined && value === before) return before;
    try {
      await cloud.table.transact(group, [
        row === undefined
          ? { do: 'insert', key: stateKey, value }
          : { do: 'replace', key: stateKey, value, etag: row.etag },
      ]);
      return value;
    } catch (error) {
      if (!(error instanceof RowConflict)) throw error; // somebody else was faster: look again
    }
  }
}
