// An enumeration begins as two rows; steps take it from there.
import { TidewayError } from '../../base/errors.ts';
import { randomHex } from '../../base/random.ts';
import type { Cloud } from '../group.ts';
import { RowConflict, type Row, type Write } from '../ports.ts';
import { after } from '../rows.ts';
import { scanKey, scanPrefix, scanRow, firstKey, type ScanKind, type ScanRow, type TodoRow } from './rows.ts';

const maxOpen = 8;
const maxScans = 1000;

export interface Wish {
  readonly kind: ScanKind;
  /** Share path of the directory to begin with, '' for all. */
  readonly path: string;
  /** Several to begin with instead. */
  readonly paths?: readonly string[] | undefined;
  /** Deletes count even where they are most of what is known. */
  readonly allowDeletes?: boolean | undefined;
}

/** Rejects with `too_many_scans` while that many are under way. */
export async function startScan(cloud: Cloud, group: string, { kind, path, allowDeletes }: Wish): Promise<ScanRow> {
  const open = (await scansOf(cloud, group)).filter(({ scan }) => !isOver(scan));
  if (open.length >= maxOpen)
    throw new TidewayError('too_many_scans', `${open.length} enumerations of ${group} are under way already`, {
      hint: 'Wait until one of them is done.',
    });
  const { scan, writes } = newScan(cloud, { kind, path, allowDeletes });
  await cloud.table.transact(group, writes);
  return scan;
}

/** The rows that begin one. */
export function newScan(cloud: Cloud, { kind, path, paths, allowDeletes }: Wish): { scan: ScanRow; writes: Write[] } {
  const startedAt = cloud.clock.now();
  const id = `${startedAt.toString(36).padStart(9, '0')}-${randomHex(cloud.random, 4)}`;
  const counts = { directories: 0, entries: 0, known: 0, missing: 0, sent: 0 };
  const more = { ...counts, allowDeletes: allowDeletes === true, problems: [] };
  const scan: ScanRow = { v: 1, id, kind, path, state: 'listing', startedAt, ...more };
  const todo: TodoRow = { v: 1, paths: [...(paths ?? [path])], attempts: 0 };
  return {
    scan,
    writes: [
      { do: 'insert', key: scanKey(id), value: scan },
      { do: 'insert', key: firstKey(id), value: todo },
    ],
  };
}

export interface Scan {
  readonly scan: ScanRow;
  readonly row: Row;
}

/** All that are remembered, oldest first. */
export async function scansOf(cloud: Cloud, group: string): Promise<readonly Scan[]> {
  const rows = await cloud.table.range(group, scanPrefix, after(scanPrefix), maxScans);
  return rows.map((row) => ({ row, scan: scanRow.parse(row.value) }));
}

export function isOver({ state }: ScanRow): boolean {
  return state === 'done' || state === 'failed';
}

const rememberMs = 24 * 60 * 60_000;

/** The last one of the whole share stays: the next one is due that long after it. Of hot directories there are too many. */
export function forgettable(scans: readonly Scan[], now: number): readonly Scan[] {
  const last = scans.findLast(({ scan }) => isWhole(scan));
  return scans.filter(({ scan: { endedAt, kind }, row }) => {
    if (endedAt === undefined || row === last?.row) return false;
    return now - endedAt > (kind === 'hot' ? 0 : rememberMs);
  });
}

export function isWhole({ kind }: ScanRow): boolean {
  return kind === 'full' || kind === 'intake';
}

/** By the committer, in its turn, when all that was found has been compared. */
export async function endScan(cloud: Cloud, group: string, id: string): Promise<void> {
  const row = await cloud.table.get(group, scanKey(id));
  if (row === undefined) return;
  const scan = scanRow.parse(row.value);
  if (isOver(scan)) return;
  const value: ScanRow = { ...scan, state: 'done', endedAt: cloud.clock.now() };
  try {
    await cloud.table.transact(group, [{ do: 'replace', key: row.key, value, etag: row.etag }]);
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // a step asks again when it hears nothing
  }
}
