// Steps 2 to 4 of a commit for one chunk, and step 6: the same for an intent that somebody else left open.
import { must } from '../../base/errors.ts';
import { poisoned } from './poisoned.ts';
import type { MassLimits } from '../../core/brakes.ts';
import { inParallel } from '../../base/pool.ts';
import { carryOut } from './carry-out.ts';
import { keysOf } from './chunk.ts';
import { finish, type NextIntent, type OpenIntent } from './finish.ts';
import { newTxnId, type Cloud } from '../group.ts';
import type { IntentRow, Planned } from './plan.ts';
import { intentRow } from './plan.ts';
import type { Share, Write } from '../ports.ts';
import { after, endpointKey, intentKey } from '../rows.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import { TurnLost, type Work } from './steps/work.ts';
import { transactHead } from '../transact.ts';
import { undo, type Done } from './undo.ts';
import type { View } from '../view.ts';

export interface Turn {
  readonly cloud: Cloud;
  readonly view: View;
  readonly share: Share;
  readonly limits: MassLimits;
}

export interface Logged {
  readonly rows: readonly LogRow[];
  /** Directories that turned up on the share: to be looked into. */
  readonly examine: readonly string[];
}

const width = 32;

/** Decides what comes after a chunk, while that is carried out; answers nothing where that has to be waited for. */
export type Ahead = () => Promise<readonly Planned[]>;

export interface Committed extends Logged {
  /** The intent of the next chunk, which was opened with the finish of this one. */
  readonly next: Held | undefined;
}

/** One chunk from intent to finish, and the intent of the next with it where that could be decided meanwhile. */
export async function commitChunk(turn: Turn, chunk: readonly Planned[], ahead?: Ahead): Promise<Committed> {
  const { cloud, view } = turn;
  const row = intentOf(turn, chunk);
  // Nothing to do on the share means nothing to redo: the finish alone is the commit.
  if (chunk.every((planned) => planned.steps.length === 0)) {
    const logged = await finished(turn, { key: undefined, row }, chunk.map(doneWithoutSteps));
    return { ...logged, next: undefined };
  }
  const first = chunk[0]?.seq ?? 0;
  const key = intentKey(first);
  const { committedSeq, intentSeq } = view.head.row;
  const head = { committedSeq, intentSeq: intentSeq + chunk.length, txnId: newTxnId(cloud) };
  const since = cloud.clock.monotonic();
  await transactHead(cloud.table, view, head, [
    { do: 'insert', key, value: row },
    ...(await senderAsRead(view, chunk)),
  ]);
  return carryOutAll(turn, { key, row, since }, ahead);
}

/**
 * The sender's row as it was when its message was verified. RACE: its agent may have lost its state meanwhile, and a new one
 * have been given the next incarnation. What an intent of the old one deletes after the new one has read the namespace would
 * be deleted there, too, though it stands at that very site. Later intents go with the finish, which writes this row. Nor
 * is a delete that was parked begun for one that was replaced meanwhile.
 */
async function senderAsRead(view: View, chunk: readonly Planned[]): Promise<Write[]> {
  const first = chunk.find(({ n, retry, op }) => n > 0 && (retry === undefined || op === 'delete' || op === 'rmdir'));
  const row = first === undefined ? undefined : await view.row(endpointKey(first.endpoint));
  return row === undefined ? [] : [{ do: 'replace', key: row.key, value: row.value, etag: row.etag }];
}

function intentOf({ cloud }: Turn, chunk: readonly Planned[]): IntentRow {
  return { v: 1, at: cloud.clock.now(), attempts: 0, operations: [...chunk], found: [] };
}

function doneWithoutSteps(planned: Planned): Done {
  return { planned, end: 'as-planned', changes: planned.changes, found: [], examine: [] };
}

async function finished(turn: Turn, intent: OpenIntent, done: readonly Done[], next?: NextIntent): Promise<Logged> {
  const { cloud, view } = turn;
  const { massWindowMs: windowMs } = cloud.settings;
  const at = { table: cloud.table, view, clock: cloud.clock, windowMs, newTxnId: () => newTxnId(cloud) };
  const rows = await finish(at, intent, done, next);
  for (const { planned, end, changes } of done)
    if (planned.op === 'mkdir' && end === 'as-planned')
      for (const change of changes) if ('put' in change && change.place === 'new') view.knownEmpty(change.put.id);
  return { rows, examine: done.flatMap((each) => each.examine) };
}

/** An intent that this committer has just written, and so proved that the head was its own. */
export interface Held {
  readonly key: string;
  readonly row: IntentRow;
  /** Monotonic ms right before that. */
  readonly since: number;
}

/** From an open intent to its finish. */
export async function carryOutAll(turn: Turn, held: Held, ahead?: Ahead): Promise<Committed> {
  // Decided again in its turn, where its errors count.
  const deciding = ahead?.().catch(() => []);
  const done = await inParallel(held.row.operations, width, (planned) => carryOut(workOf(turn, held, planned)));
  // All it reads is read before the finish writes: what is cached is never older than what is written.
  const decided = (await deciding) ?? [];
  const [now, ended] = await takenBack(turn, held, done);
  const next = now === held && wentAsPlanned(ended) ? nextIntent(turn, decided) : undefined;
  const since = turn.cloud.clock.monotonic();
  const logged = await finished(turn, now, ended, next);
  const opened = next !== undefined && turn.view.head.row.intentSeq === next.row.operations.at(-1)?.seq;
  return { ...logged, next: opened ? { ...next, since } : undefined };
}

/** What comes after was decided as if it would: nothing turned back, and nothing found that needs a number or a row. */
function wentAsPlanned(done: readonly Done[]): boolean {
  return done.every(({ end, found }) => end === 'as-planned' && found.length === 0);
}

/** A chunk with nothing to do on the share has no intent. */
function nextIntent(turn: Turn, chunk: readonly Planned[]): NextIntent | undefined {
  const first = chunk.find(({ steps }) => steps.length > 0) === undefined ? undefined : chunk[0];
  return first === undefined ? undefined : { key: intentKey(first.seq), row: intentOf(turn, chunk) };
}

/** What cannot go on is marked in the intent, and only then undone: a zombie comes no further than the mark. */
async function takenBack(turn: Turn, held: Held, done: readonly Done[]): Promise<[Held, readonly Done[]]> {
  const marked = new Map(done.map(({ planned }) => [planned.seq, planned] as const));
  const operations = held.row.operations.map((each) => marked.get(each.seq) ?? each);
  if (operations.every((each, index) => each.undo === held.row.operations[index]?.undo)) return [held, done];
  const again = await rewrite(turn, held, { operations });
  const undone = await inParallel(done, width, async (each) => {
    const { undo: back } = each.planned;
    if (back === undefined) return each;
    const out = await undo(workOf(turn, again, each.planned), back);
    return { ...out, found: [...each.found, ...out.found], examine: [...each.examine, ...out.examine] };
  });
  return [again, undone];
}

function workOf(turn: Turn, held: Held, planned: Planned): Work {
  const { cloud, view, share } = turn;
  const { clock, settings } = cloud;
  let taken: ReadonlySet<string> | undefined;
  return {
    share,
    view,
    clock,
    planned,
    redo: held.row.attempts > 0,
    // Asked for only where a foreign file is in the way: made for every operation, it would be most of the work.
    get taken() {
      return (taken ??= new Set(held.row.operations.flatMap((each) => keysOf(each.changes))));
    },
    busyUntil: clock.monotonic() + settings.parkAfterMs,
    assertTurn: () => {
      if (clock.monotonic() - held.since > settings.turnMs) throw new TurnLost();
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
    if (open === undefined) {
      const { txnId } = view.head.row;
      await view.refresh();
      if (view.head.row.txnId !== txnId) continue; // somebody else has finished it since the head was read
      throw new Error('broken invariant: the head speaks of an intent that is not there');
    }
    const intent = intentRow.parse(open.value);
    cloud.log.warn('intent_recovered', { group: view.group, key: open.key, attempts: intent.attempts });
    const logged = await redo(turn, open.key, intent);
    rows.push(...logged.rows);
    examine.push(...logged.examine);
  }
}

/** The first redo is like the first time; after that one by one, each attempt written down before it is made. */
async function redo(turn: Turn, key: string, intent: IntentRow): Promise<Logged> {
  const { cloud } = turn;
  let held = await rewrite(turn, { key, row: intent, since: 0 }, { attempts: intent.attempts + 1 });
  if (held.row.attempts <= 2) return carryOutAll(turn, held);
  const done: Done[] = [];
  for (const index of intent.operations.keys()) {
    const operations = held.row.operations.map((each, at) => {
      if (at < index) return { ...each, tries: 0 }; // came through: whatever brings the committer down is behind it
      return at === index ? { ...each, tries: each.tries + 1 } : each;
    });
    held = await rewrite(turn, held, { operations: operations.map((each) => poisoned(cloud.log, each)) });
    const planned = must(held.row.operations[index], 'an operation of the intent');
    const [now, ended] = await takenBack(turn, held, [await carryOut(workOf(turn, held, planned))]);
    held = now;
    done.push(...ended);
  }
  return finished(turn, held, done);
}

async function rewrite(turn: Turn, held: Held, change: Partial<IntentRow>): Promise<Held> {
  const { cloud, view } = turn;
  const { committedSeq, intentSeq } = view.head.row;
  const row = { ...held.row, ...change };
  const since = cloud.clock.monotonic();
  const put: Write = { do: 'put', key: held.key, value: row };
  await transactHead(cloud.table, view, { committedSeq, intentSeq, txnId: newTxnId(cloud) }, [put]);
  return { key: held.key, row, since };
}
