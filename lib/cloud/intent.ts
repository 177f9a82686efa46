// Steps 2 to 4 of a commit for one chunk, and step 6: the same for an intent that somebody else left open.
import { inParallel } from './pool.ts';
import { carryOut, undo, type Done } from './carry-out.ts';
import { keysOf } from './chunk.ts';
import { finish, type OpenIntent } from './finish.ts';
import { newTxnId, type Cloud } from './group.ts';
import type { IntentRow, Planned } from './plan.ts';
import { intentRow } from './plan.ts';
import type { Share, Write } from './ports.ts';
import { after, intentKey } from './rows.ts';
import type { LogRow } from '../protocol/log-row.ts';
import type { Work } from './steps/work.ts';
import { transactHead } from './transact.ts';
import type { View } from './view.ts';

export interface Turn {
  readonly cloud: Cloud;
  readonly view: View;
  readonly share: Share;
}

export interface Logged {
  readonly rows: readonly LogRow[];
  /** Directories that turned up on the share: to be looked into. */
  readonly examine: readonly string[];
}

const width = 32;

/** A committer that was held up sends nothing more to the share: by then somebody else may have taken over (I12). */
export class TurnLost extends Error {
  constructor() {
    super('the turn may have passed to another committer');
    this.name = 'TurnLost';
  }
}

/** One chunk from intent to finish. */
export async function commitChunk(turn: Turn, chunk: readonly Planned[]): Promise<Logged> {
  const { cloud, view } = turn;
  const row: IntentRow = { v: 1, at: cloud.clock.now(), attempts: 0, operations: [...chunk], found: [] };
  // Nothing to do on the share means nothing to redo: the finish alone is the commit.
  if (chunk.every((planned) => planned.steps.length === 0))
    return finished(turn, { key: undefined, row }, chunk.map(doneWithoutSteps));
  const first = chunk[0]?.seq ?? 0;
  const key = intentKey(first);
  const { committedSeq, intentSeq } = view.head.row;
  const head = { committedSeq, intentSeq: intentSeq + chunk.length, txnId: newTxnId(cloud) };
  await transactHead(cloud.table, view, head, [{ do: 'insert', key, value: row }]);
  const done = await carryOutAll(turn, row, chunk);
  return finished(turn, { key, row }, done);
}

function doneWithoutSteps(planned: Planned): Done {
  return { planned, end: 'as-planned', changes: planned.changes, found: [], examine: [] };
}

async function finished(turn: Turn, intent: OpenIntent, done: readonly Done[]): Promise<Logged> {
  const { cloud, view } = turn;
  const at = { table: cloud.table, view, clock: cloud.clock, newTxnId: () => newTxnId(cloud) };
  const rows = await finish(at, intent, done);
  for (const { planned, end, changes } of done)
    if (planned.op === 'mkdir' && end === 'as-planned')
      for (const change of changes) if ('put' in change && change.place === 'new') view.knownEmpty(change.put.id);
  return { rows, examine: done.flatMap((each) => each.examine) };
}

async function carryOutAll(turn: Turn, row: IntentRow, operations: readonly Planned[]): Promise<Done[]> {
  const taken = new Set(row.operations.flatMap((planned) => keysOf(planned.changes)));
  return inParallel(operations, width, (planned) => carryOut(workOf(turn, planned, taken, row.attempts > 0)));
}

function workOf(turn: Turn, planned: Planned, taken: ReadonlySet<string>, redo: boolean): Work {
  const { cloud, view, share } = turn;
  const { clock, settings } = cloud;
  const started = clock.monotonic();
  return {
    share,
    view,
    clock,
    planned,
    redo,
    taken,
    busyUntil: started + settings.parkAfterMs,
    assertTurn: () => {
      if (clock.monotonic() - started > settings.turnMs) throw new TurnLost();
    },
    found: [],
    examine: [],
  };
}

/** Finishes whatever intent is open. Every committer calls it before anything else. */
export async function recover(turn: Turn): Promise<Logged> {
  const { cloud, view } = turn;
  const rows: LogRow[] = [];
  const examine: string[] = [];
  for (;;) {
    const { committedSeq, intentSeq } = view.head.row;
    if (committedSeq >= intentSeq) return { rows, examine };
    const open = (await cloud.table.range(view.group, 'intent|', after('intent|'), 1))[0];
    if (open === undefined) throw new Error('broken invariant: the head speaks of an intent that is not there');
    const intent = intentRow.parse(open.value);
    cloud.log.warn('intent_recovered', { group: view.group, key: open.key, attempts: intent.attempts });
    const logged = await redo(turn, open.key, intent);
    rows.push(...logged.rows);
    examine.push(...logged.examine);
  }
}

/** The first redo is like the first time; after that one by one, each attempt written down before it is made. */
async function redo(turn: Turn, key: string, intent: IntentRow): Promise<Logged> {
  let row: IntentRow = { ...intent, attempts: intent.attempts + 1 };
  await rewrite(turn, key, row);
  if (row.attempts <= 2) return finished(turn, { key, row }, await carryOutAll(turn, row, row.operations));
  const done: Done[] = [];
  const taken = new Set(row.operations.flatMap((planned) => keysOf(planned.changes)));
  for (const [index, planned] of row.operations.entries()) {
    const operations = row.operations.map((each, at) => {
      if (at < index) return { ...each, tries: 0 }; // came through: whatever brings the committer down is behind it
      return at === index ? { ...each, tries: each.tries + 1 } : each;
    });
    row = { ...row, operations };
    await rewrite(turn, key, row);
    done.push(
      planned.tries >= poisonAfter
        ? await poisoned(turn, planned, taken)
        : await carryOut(workOf(turn, planned, taken, true)),
    );
  }
  return finished(turn, { key, row }, done);
}

const poisonAfter = 5;

async function rewrite(turn: Turn, key: string, row: IntentRow): Promise<void> {
  const { cloud, view } = turn;
  const { committedSeq, intentSeq } = view.head.row;
  const put: Write = { do: 'put', key, value: row };
  await transactHead(cloud.table, view, { committedSeq, intentSeq, txnId: newTxnId(cloud) }, [put]);
}

/** It brought the committer down five times alone: rejected, and what it moved aside gets its name back. */
async function poisoned(turn: Turn, planned: Planned, taken: ReadonlySet<string>): Promise<Done> {
  turn.cloud.log.error('operation_poison', {
    group: turn.view.group,
    endpoint: planned.endpoint,
    n: planned.n,
    op: planned.op,
  });
  const rejected: Done = { planned, end: 'rejected', code: 'poison', changes: [], found: [], examine: [] };
  // The way back may be what brings it down: after some more attempts even that is left to the detection on the share.
  if (planned.tries >= 2 * poisonAfter) return rejected;
  return undo(workOf(turn, planned, taken, true), planned.steps.length, 'poison');
}
