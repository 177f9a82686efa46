// How often an operation brought the committer down is written down before each attempt, so that who comes after a crash knows.
// An attempt that failed because the share or the table throttled, failed itself or did not answer is taken off again: a storm
// of 503 makes nothing poison.
import { randomInt } from '../../base/random.ts';
import { newTxnId } from '../group.ts';
import type { Turn } from './intent.ts';
import { intentRow } from './plan.ts';
import { poisonAfter } from './poisoned.ts';
import { ShareBusy, ShareRefusal, TableBusy, type Row, type Write } from '../ports.ts';
import { after, endpointKey, endpointRow, type EndpointRow } from '../rows.ts';
import { TurnLost } from './steps/work.ts';
import { HeadMoved, transactHead } from '../transact.ts';

/** Counts an attempt at operation `n`, which is made alone; true when it had enough of them. */
export async function beginAlone(turn: Turn, endpointId: string, n: number): Promise<boolean> {
  const { cloud, view } = turn;
  const row = await cloud.table.get(view.group, endpointKey(endpointId));
  if (row === undefined) return false;
  const endpoint = endpointRow.parse(row.value);
  const before = endpoint.trying?.n === n ? endpoint.trying.attempts : 0;
  if (before >= poisonAfter) return true;
  await write(turn, [tried(row, endpoint, n, before + 1)]);
  return false;
}

function tried(row: Row, endpoint: EndpointRow, n: number, attempts: number): Write {
  const value: EndpointRow = { ...endpoint, trying: { n, attempts } };
  return { do: 'replace', key: row.key, value, etag: row.etag };
}

/**
 * After an error: was it the share, or the table? Then the attempts under way do not count, and the message is held until that
 * is over: given back at once, it would be a dead letter within a second.
 */
export async function afterFailure(turn: Turn, error: unknown): Promise<void> {
  if (error instanceof TurnLost || error instanceof HeadMoved) return;
  if (error instanceof TableBusy) return holdUntil(turn, firstTableWaitMs, () => isTakenOff(turn));
  const isAnswering = await isReachable(turn);
  if (isAnswering && !(error instanceof ShareBusy)) return;
  const isCounted = isAnswering && randomInt(turn.cloud.random, countedOf) === 0;
  if (!isCounted) await isTakenOff(turn);
  await holdUntil(turn, firstWaitMs, () => isReachable(turn));
}

/**
 * One of so many counts where the share answers others: throttling does not last for a hundred attempts in a row. What does is
 * an operation that the share itself cannot carry out, and that one must not hold up the group for ever (I15).
 */
const countedOf = 20;

async function holdUntil(turn: Turn, firstMs: number, isOver: () => Promise<boolean>): Promise<void> {
  const { clock, random, settings } = turn.cloud;
  const until = clock.monotonic() + settings.outageMs;
  for (let wait = firstMs; clock.monotonic() < until; wait = Math.min(wait * 2, longestWaitMs)) {
    await clock.sleep(wait + randomInt(random, wait));
    if (await isOver()) return;
  }
}

/** Throttling of a table mostly ends within a second. */
const firstTableWaitMs = 100;
const firstWaitMs = 1_000;
const longestWaitMs = 8_000;

async function isReachable({ share }: Turn): Promise<boolean> {
  try {
    await share.properties('', 'directory');
    return true;
  } catch (error) {
    return error instanceof ShareRefusal;
  }
}

/** False when that could not be written down: then the attempts stay counted for now. */
async function isTakenOff(turn: Turn): Promise<boolean> {
  const { cloud, view } = turn;
  try {
    if ((await view.refresh()) === undefined) return true;
    const intents = await cloud.table.range(view.group, 'intent|', after('intent|'), 1);
    const endpoints = await cloud.table.range(view.group, 'endpoint|', after('endpoint|'), 1000);
    const author = await cloud.table.get(view.group, endpointKey('backup'));
    const writes =
      intents.length > 0
        ? intents.map(untriedIntent)
        : [...endpoints, ...(author === undefined ? [] : [author])].flatMap(untriedEndpoint);
    // Where there is nothing to take off, it shows at least whether the table takes writes again.
    await write(turn, writes);
    return true;
  } catch (error) {
    // Somebody else is at work by now: nothing is to be held for them.
    if (error instanceof HeadMoved) return true;
    // The error that brought us here is the one to tell.
    cloud.log.warn('attempt_not_taken_off', { group: view.group, error });
    return false;
  }
}

function untriedIntent(row: Row): Write {
  const intent = intentRow.parse(row.value);
  const operations = intent.operations.map((each) => ({ ...each, tries: Math.max(0, each.tries - 1) }));
  const value = { ...intent, attempts: Math.max(0, intent.attempts - 1), operations };
  return { do: 'replace', key: row.key, value, etag: row.etag };
}

function untriedEndpoint(row: Row): Write[] {
  const endpoint = endpointRow.parse(row.value);
  if (endpoint.trying === undefined) return [];
  return [tried(row, endpoint, endpoint.trying.n, Math.max(0, endpoint.trying.attempts - 1))];
}

async function write(turn: Turn, writes: readonly Write[]): Promise<void> {
  const { cloud, view } = turn;
  const { committedSeq, intentSeq } = view.head.row;
  await transactHead(cloud.table, view, { committedSeq, intentSeq, txnId: newTxnId(cloud) }, writes);
}
