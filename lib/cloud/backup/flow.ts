// One backup, read top to bottom: room is made, the snapshot is taken, what is not kept goes, and what came of it is written
// down. It is a generator over whoever carries out its steps, which Durable Functions replays: it knows no clock but theirs.
import { z } from 'zod';
import { pruned, type Pruned } from './prune.ts';
import { closedOrder, type BackupProblem, type ClosedOrder } from './rows.ts';

export const backupRun = z.object({
  group: z.string(),
  /** Names it, and begins the names of what it orders. */
  run: z.string(),
  /** When the snapshot was due (ms since 1970); absent where only what has come to its date is to go. */
  dueAt: z.number().optional(),
});
export type BackupRun = z.infer<typeof backupRun>;

/** What each step takes; all may be done twice. Their answers are JSON. */
export interface StepInputs {
  readonly prune: BackupRun & { readonly part: string };
  /** Answers the name of the order. */
  readonly order: BackupRun;
  /** Answers for each name how it was closed, or null; waits a little until all are. */
  readonly outcomes: { readonly group: string; readonly names: readonly string[] };
  readonly record: { readonly group: string; readonly result: BackupResult };
}

export interface BackupResult {
  readonly run: string;
  readonly snapshot?: string | undefined;
  readonly dropped: Pruned['dropped'];
  readonly problems: readonly BackupProblem[];
}

export interface Steps<T> {
  call<K extends keyof StepInputs>(step: K, input: StepInputs[K]): T;
  /** Ms since 1970. */
  waitUntil(time: number): T;
  now(): number;
}

export function* backupFlow<T>(run: BackupRun, steps: Steps<T>): Generator<T, BackupResult, unknown> {
  const { group } = run;
  let result: BackupResult = { run: run.run, dropped: [], problems: [] };
  try {
    result = yield* pruneAll(run, 'a', steps, result);
    if (run.dueAt !== undefined) {
      const name = z.string().parse(yield steps.call('order', run));
      const [closed] = yield* closedOf([name], group, steps);
      if (closed?.outcome === 'applied') result = { ...result, snapshot: closed.snapshot };
      else result = { ...result, problems: [...result.problems, problemOf(closed)] };
      result = yield* pruneAll(run, 'b', steps, result);
    }
  } catch (error) {
    // A step that failed again and again: the next run begins anew, and an administrator has to know of this one.
    const message = error instanceof Error ? error.message : String(error);
    result = { ...result, problems: [...result.problems, { code: 'backup_failed', message }] };
  }
  yield steps.call('record', { group, result });
  return result;
}

function* pruneAll<T>(
  run: BackupRun,
  part: string,
  steps: Steps<T>,
  before: BackupResult,
): Generator<T, BackupResult, unknown> {
  const { orders, dropped, problems } = pruned.parse(yield steps.call('prune', { ...run, part }));
  const closed = yield* closedOf(orders, run.group, steps);
  const gone = dropped.filter((_, index) => closed[index]?.outcome === 'applied');
  const failed = closed.filter((each) => each?.outcome !== 'applied').map(problemOf);
  // What the first part complains of, the second may have cured.
  return {
    ...before,
    dropped: [...before.dropped, ...gone],
    problems: [...before.problems.filter(isLasting), ...problems, ...failed],
  };
}

function isLasting({ code }: BackupProblem): boolean {
  return code !== 'snapshot_limit_near';
}

const patienceMs = 60 * 60_000;
const firstWaitMs = 5_000;
const longestWaitMs = 5 * 60_000;

function* closedOf<T>(
  names: readonly string[],
  group: string,
  steps: Steps<T>,
): Generator<T, readonly (ClosedOrder | null)[], unknown> {
  if (names.length === 0) return [];
  const until = steps.now() + patienceMs;
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    const closed = z.array(closedOrder.nullable()).parse(yield steps.call('outcomes', { group, names }));
    if (closed.every((each) => each !== null) || steps.now() >= until) return closed;
    yield steps.waitUntil(steps.now() + wait);
  }
}

function problemOf(closed: ClosedOrder | null | undefined): BackupProblem {
  const code = closed?.code ?? (closed ? closed.outcome : 'snapshot_late');
  return { code, message: messages[code] ?? 'the committer has refused it' };
}

const messages: Readonly<Record<string, string>> = {
  snapshot_limit: 'the share takes no further snapshot: delete some, or keep fewer',
  snapshot_late: 'the committer has not come to it within an hour: see whether the group commits at all',
  snapshot_foreign: 'the snapshot was made by somebody else and stays',
  poison: 'the committer came down five times with it',
};
