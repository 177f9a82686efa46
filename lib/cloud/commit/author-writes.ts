// What the finish of an operation of the backend's own authors writes beside its log row: so a snapshot is in the list, and
// its order is closed, exactly when the log has it.
import type { LogRow } from '../../protocol/log-row.ts';
import { orderKey, snapshotKey, type OrderRow, type SnapshotRow } from '../backup/rows.ts';
import type { Write } from '../ports.ts';
import type { Done } from './undo.ts';

/** The share's name for the snapshot that this is about. */
export function snapshotOf({ planned, snapshot }: Done): { snapshot?: string } {
  if (snapshot !== undefined) return { snapshot };
  const { operation } = planned;
  return operation?.kind === 'drop-snapshot' ? { snapshot: operation.snapshot } : {};
}

export function authorWrites(done: Done, row: LogRow): readonly Write[] {
  const { operation, n } = done.planned;
  if (operation?.kind !== 'snapshot' && operation?.kind !== 'drop-snapshot') return [];
  if (row.outcome === 'parked') return [];
  const { seq, at, outcome, code, snapshot } = row;
  const closed = {
    seq,
    at,
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
  const order: OrderRow = { v: 1, n, at, operation, closed };
  return [{ do: 'put', key: orderKey(operation.order), value: order }, ...listed(done, row)];
}

function listed({ planned, snapshot }: Done, row: LogRow): readonly Write[] {
  const { operation } = planned;
  if (row.outcome !== 'applied') return [];
  if (operation?.kind === 'drop-snapshot') return [{ do: 'delete', key: snapshotKey(operation.snapshot) }];
  if (operation?.kind !== 'snapshot' || snapshot === undefined) return [];
  const { dueAt, expiresAt, label } = operation;
  const value: SnapshotRow = {
    v: 1,
    id: snapshot,
    seq: row.seq,
    createdAt: Date.parse(snapshot),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(label === undefined ? {} : { label }),
  };
  return [{ do: 'put', key: snapshotKey(snapshot), value }];
}
