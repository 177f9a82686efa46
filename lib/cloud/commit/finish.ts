// Step 4 of a commit: what was done becomes rows, in one transaction with the head; in several where the outcomes need more
// than 100 rows, each moving `committedSeq` over a prefix. Rows for what was found on the way take the numbers after.
import type { Clock } from '../../base/clock.ts';
import { addChanges, nothingChanged } from '../../core/brakes.ts';
import { logKey, type Effect, type LogRow } from '../../protocol/log-row.ts';
import type { Done } from './undo.ts';
import type { Change, IntentRow, Planned } from './plan.ts';
import type { Table, Write } from '../ports.ts';
import {
  endpointKey,
  endpointRow,
  idKey,
  markedKey,
  nodeKey,
  parkedKey,
  type EndpointRow,
  type NodeRow,
  type ParkedRow,
} from '../rows.ts';
import { authorWrites, snapshotOf } from './author-writes.ts';
import { transactHead } from '../transact.ts';
import { shareNameOf, type View } from '../view.ts';

const maxWrites = 100;
/** head, intent and the endpoint. */
const overhead = 3;

interface Entry {
  readonly writes: readonly Write[];
  readonly row: LogRow;
  /** What it is of: an operation of the intent, or a change found on the way. */
  readonly of: { readonly planned: Planned } | { readonly found: Change };
}

export interface Finish {
  readonly table: Table;
  readonly view: View;
  readonly clock: Clock;
  /** How long the changes of an endpoint are counted (ms). */
  readonly windowMs: number;
  newTxnId(): string;
}

export interface OpenIntent {
  /** Undefined where nothing has to be done on the share: then no intent was written. */
  readonly key: string | undefined;
  readonly row: IntentRow;
}

/** An intent with the key it is to have. */
export interface NextIntent {
  readonly key: string;
  readonly row: IntentRow;
}

/**
 * Answers the rows that were logged, in order. `done` holds every operation that the intent still names. `next` is opened
 * in the same transaction if all fits in one; whether it was, the head tells.
 */
export async function finish(
  at: Finish,
  intent: OpenIntent,
  done: readonly Done[],
  next?: NextIntent,
): Promise<readonly LogRow[]> {
  const { committedSeq, intentSeq } = at.view.head.row;
  const operations = done.map((each) => operationEntry(at, each));
  const found = [...intent.row.found, ...done.flatMap((each) => each.found)];
  // While an operation is open its number is, too; a finish that came down among the found rows goes on behind them.
  const firstFound = (operations.length > 0 ? intentSeq : committedSeq) + 1;
  const entries = [...operations, ...found.map((change, index) => foundEntry(at, change, firstFound + index))];
  for (let from = 0; from < entries.length;) {
    const now = fitting(entries, from);
    from += now.length;
    await commitEntries(at, intent, now, entries.slice(from), now.length === entries.length ? next : undefined);
  }
  return entries.map((entry) => entry.row);
}

function fitting(entries: readonly Entry[], from: number): readonly Entry[] {
  let writes = overhead;
  let to = from;
  for (; to < entries.length; to++) {
    writes += entries[to]?.writes.length ?? 0;
    if (writes > maxWrites && to > from) break;
  }
  return entries.slice(from, to);
}

async function commitEntries(
  at: Finish,
  intent: OpenIntent,
  now: readonly Entry[],
  left: readonly Entry[],
  next: NextIntent | undefined,
): Promise<void> {
  const { table, view } = at;
  const committedSeq = now.at(-1)?.row.seq ?? view.head.row.committedSeq;
  const operations = left.flatMap((entry) => ('planned' in entry.of ? [entry.of.planned] : []));
  const found = left.flatMap((entry) => ('found' in entry.of ? [entry.of.found] : []));
  const end = left.at(-1)?.row.seq ?? committedSeq;
  const writes = now.flatMap((entry) => entry.writes);
  const opened = next !== undefined && overhead + writes.length < maxWrites ? next : undefined;
  const open = operations.length > 0 && intent.key !== undefined ? view.head.row.intentSeq : end;
  const intentSeq = opened?.row.operations.at(-1)?.seq ?? open;
  // The intent goes with the last prefix; until then it holds what is left, and what was found by those that are through.
  const rest: IntentRow = { ...intent.row, operations, found };
  await transactHead(table, view, { committedSeq, intentSeq, txnId: at.newTxnId() }, [
    ...intentWrite(intent.key, rest),
    ...(await endpointWrite(at, now)),
    ...writes,
    ...(opened === undefined ? [] : [{ do: 'insert' as const, key: opened.key, value: opened.row }]),
  ]);
}

function intentWrite(key: string | undefined, rest: IntentRow): Write[] {
  if (key === undefined) return [];
  const over = rest.operations.length === 0 && rest.found.length === 0;
  return [over ? { do: 'delete', key } : { do: 'put', key, value: rest }];
}

/** The counter of the endpoint moves with its rows (I10); a new incarnation that came meanwhile is left alone. */
async function endpointWrite(at: Finish, now: readonly Entry[]): Promise<Write[]> {
  const numbered = now.flatMap((entry) => ('planned' in entry.of && entry.of.planned.n > 0 ? [entry.of.planned] : []));
  const first = numbered[0];
  if (first === undefined) return [];
  const row = await at.view.row(endpointKey(first.endpoint));
  if (row === undefined) return [];
  const endpoint = endpointRow.parse(row.value);
  if (endpoint.incarnation !== first.incarnation) return [];
  const n = Math.max(endpoint.n, ...numbered.map((planned) => planned.n));
  const { trying: _trying, ...rest } = endpoint;
  const value: EndpointRow = { ...rest, n, ...changedBy(at, endpoint, numbered) };
  return [{ do: 'replace', key: row.key, value, etag: row.etag }];
}

/** In the transaction that commits them: a restart forgets none, and counts none twice. */
function changedBy(at: Finish, endpoint: EndpointRow, numbered: readonly Planned[]): Pick<EndpointRow, 'changed'> {
  const weights = numbered.flatMap(({ weight }) => weight ?? []);
  if (weights.length === 0) return {};
  const count = weights.reduce((sum, weight) => sum + weight.count, 0);
  const files = Math.max(...weights.map((weight) => weight.files));
  return { changed: addChanges(endpoint.changed ?? nothingChanged, { count, files }, at, at.clock.now()) };
}

function operationEntry(at: Finish, asDone: Done): Entry {
  // A directory that is to be revived has no number to be parked under: whoever needs it asks again.
  const done: Done = asDone.end === 'parked' && asDone.planned.n === 0 ? { ...asDone, end: 'rejected' } : asDone;
  const { planned } = done;
  const seq = planned.seq;
  const changes = done.end === 'as-planned' ? done.changes : [];
  const row: LogRow = {
    v: 1,
    seq,
    at: at.clock.now(),
    endpoint: planned.endpoint,
    server: planned.server,
    incarnation: planned.incarnation,
    n: planned.n,
    op: planned.op,
    ...(planned.node === undefined ? {} : { node: planned.node }),
    outcome: done.end === 'as-planned' ? planned.outcome : done.end,
    ...codeOf(done),
    ...(planned.became === undefined || done.end !== 'as-planned' ? {} : { became: planned.became }),
    effects: changes.map(effectOf),
    ...snapshotOf(done),
  };
  const writes = [
    ...changes.flatMap((change) => changeWrites(change, seq, row.at)),
    logWrite(row),
    ...authorWrites(done, row),
  ];
  if (done.end === 'parked') writes.push(parkWrite(at, done));
  else if (planned.retry !== undefined) writes.push({ do: 'delete', key: parkedKey(planned.endpoint, planned.n) });
  return { writes, row, of: { planned } };
}

function codeOf(done: Done): { code?: string } {
  const code = done.end === 'as-planned' ? done.planned.code : done.code;
  return code === undefined ? {} : { code };
}

function foundEntry(at: Finish, change: Change, seq: number): Entry {
  const numbered: Change =
    'put' in change ? { ...change, put: { ...change.put, seq, version: versionOf(change.put, seq) } } : change;
  const node = 'put' in numbered ? numbered.put.id : 'drop' in numbered ? numbered.drop.id : numbered.alias;
  const row: LogRow = {
    v: 1,
    seq,
    at: at.clock.now(),
    endpoint: 'cloud',
    server: 'Cloud',
    incarnation: 0,
    n: 0,
    op: 'found',
    node,
    outcome: 'applied',
    effects: [effectOf(numbered)],
  };
  return { writes: [...changeWrites(numbered, seq, row.at), logWrite(row)], row, of: { found: change } };
}

/** Content that was found is a version of its own; where only name or ETag were found changed, the row has its version. */
function versionOf(node: NodeRow, seq: number): number {
  return node.kind !== 'directory' && node.version === 0 ? seq : node.version;
}

function logWrite(row: LogRow): Write {
  // Insert, not put: a sequence number is never used twice (I9), whatever went wrong before.
  return { do: 'insert', key: logKey(row.seq), value: row };
}

function parkWrite(at: Finish, done: Done): Write {
  const { planned } = done;
  const now = at.clock.now();
  const attempts = planned.retry?.attempts ?? 0;
  const value: ParkedRow = {
    v: 1,
    endpoint: planned.endpoint,
    server: planned.server,
    incarnation: planned.incarnation,
    n: planned.n,
    operation: planned.operation ?? { kind: 'none' },
    code: done.code ?? 'busy',
    path: done.path ?? '',
    since: planned.retry?.since ?? now,
    nextAt: now + Math.min(firstRetryMs * 2 ** attempts, maxRetryMs),
    attempts: attempts + 1,
  };
  return { do: 'put', key: parkedKey(planned.endpoint, planned.n), value };
}

const firstRetryMs = 5_000;
const maxRetryMs = 5 * 60_000;

function effectOf(change: Change): Effect {
  if ('alias' in change) return { alias: change.alias, to: change.to };
  if ('drop' in change) return { drop: change.drop.id };
  const { v: _v, cleared: _cleared, at: _at, ...state } = change.put;
  return { put: state };
}

function changeWrites(change: Change, seq: number, at: number): Write[] {
  if ('alias' in change) return [{ do: 'put', key: idKey(change.alias), value: { v: 1, alias: change.to } }];
  if ('drop' in change) {
    const { drop, key } = change;
    const writes: Write[] = [{ do: 'put', key: idKey(drop.id), value: { v: 1, dead: seq, last: drop } }];
    if (drop.share !== undefined) writes.push({ do: 'delete', key: markedKey(drop.parent, drop.id) });
    return key === '' ? writes : [{ do: 'delete', key }, ...writes];
  }
  const { place, oldKey } = change;
  // Content that comes with this row is as old as this row, and so is a directory that it makes.
  const isNew = change.put.version === seq || (change.put.kind === 'directory' && place === 'new');
  const put = isNew ? { ...change.put, at } : change.put;
  const key = nodeKey(put.parent, shareNameOf(put));
  const writes: Write[] = [{ do: 'put', key, value: put }];
  if (oldKey !== undefined) writes.push({ do: 'delete', key: oldKey });
  if (put.share !== undefined)
    writes.push({ do: 'put', key: markedKey(put.parent, put.id), value: { v: 1, name: put.name } });
  if (place === 'same') return writes;
  writes.push({ do: place === 'new' ? 'insert' : 'put', key: idKey(put.id), value: { v: 1, parent: put.parent, key } });
  return writes;
}
