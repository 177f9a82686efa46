// Is the share the one that the namespace speaks of? It carries the group's epoch, and a mark that is renewed while things are
// committed: a share that was restored from a snapshot, or failed over to a copy that lags, carries an older one (fault 21).
// Whatever was committed since would then look as if somebody had undone it on the share: nothing may be concluded from that.
import { z } from 'zod';
import { randomHex } from '../base/random.ts';
import type { Stopped } from '../protocol/brakes.ts';
import { epochPath } from '../protocol/layout.ts';
import { emptyCache } from './cached-rows.ts';
import { newTxnId, type Cloud } from './group.ts';
import { RowConflict, ShareRefusal, type Row, type Share, type ShareProperties } from './ports.ts';
import { after, endpointRow, groupKey, groupRow, headKey, headRow } from './rows.ts';
import { HeadMoved, transactHead } from './transact.ts';
import { View } from './view.ts';

const markRow = z.object({
  v: z.literal(1),
  /** What the share carries; '' where it never had one. */
  mark: z.string(),
  /** What it may carry by now: whoever wrote this was about to set it. */
  next: z.string().optional(),
  /** When that was, and what was committed then. */
  at: z.number(),
  seq: z.number(),
});
type MarkRow = z.infer<typeof markRow>;
const markKey = 'mark';
const metadataKey = 'tw_mark';

/**
 * Longer than any request may be under way: one mark has arrived, or never will, before the next one is made. A share that was
 * restored to something younger than its last mark goes unnoticed; a mark for every chunk would cost each a request more.
 */
const renewMs = 3 * 60_000;

/** Undefined while the share is the right one, as far as it tells; rejects where it cannot be asked. */
export async function shareFault(cloud: Cloud, group: string): Promise<Stopped['code'] | undefined> {
  const share = await shareOf(cloud, group);
  const head = await cloud.table.get(group, headKey);
  if (share === undefined || head === undefined) return undefined;
  const { epoch, committedSeq } = headRow.parse(head.value);
  const row = await cloud.table.get(group, markKey);
  const there = await share.properties(epochPath, 'file').catch(ifMismatch);
  if (there?.metadata['tw_epoch'] !== epoch) return 'share_replaced';
  // Somebody renewed it meanwhile: which of the two came first nobody can say, so the next look tells.
  if ((await cloud.table.get(group, markKey))?.etag !== row?.etag) return undefined;
  const known = row === undefined ? undefined : markRow.parse(row.value);
  const carried = there.metadata[metadataKey] ?? '';
  if (known !== undefined && carried !== known.mark && carried !== known.next) return 'share_restored';
  const isDue = known === undefined || (known.seq < committedSeq && cloud.clock.now() - known.at >= renewMs);
  if (isDue) await renew(cloud, group, { share, there, row, carried, seq: committedSeq });
  return undefined;
}

/** A directory in its place: somebody else's share. */
function ifMismatch(error: unknown): undefined {
  if (!(error instanceof ShareRefusal) || error.fault !== 'mismatch') throw error;
  return undefined;
}

async function shareOf(cloud: Cloud, group: string): Promise<Share | undefined> {
  const row = await cloud.table.get(group, groupKey);
  return row === undefined ? undefined : cloud.share(groupRow.parse(row.value).share);
}

interface Renewal {
  readonly share: Share;
  readonly there: ShareProperties;
  readonly row: Row | undefined;
  readonly carried: string;
  readonly seq: number;
}

/** First the row says that it may come, then it comes: killed in between, either is right. */
async function renew(cloud: Cloud, group: string, { share, there, row, carried, seq }: Renewal): Promise<void> {
  const next = randomHex(cloud.random, 12);
  const at = cloud.clock.now();
  const announced: MarkRow = { v: 1, mark: carried, next, at, seq };
  const began = cloud.clock.monotonic();
  let etag: string | undefined;
  try {
    [etag] = await cloud.table.transact(group, [
      row === undefined
        ? { do: 'insert', key: markKey, value: announced }
        : { do: 'replace', key: markKey, value: announced, etag: row.etag },
    ]);
    // Held up for long, it might set a mark that somebody else has replaced by now.
    if (cloud.clock.monotonic() - began > cloud.settings.turnMs) return;
    await share.setMetadata(epochPath, 'file', { ...there.metadata, [metadataKey]: next });
    const value: MarkRow = { v: 1, mark: next, at, seq };
    await cloud.table.transact(group, [{ do: 'replace', key: markKey, value, etag: etag ?? '' }]);
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // somebody else renews it
  }
}

/** By the timer: from now on nothing is committed in the group, and its sites are told to look. */
export async function watchShare(cloud: Cloud, group: string): Promise<void> {
  const head = await cloud.table.get(group, headKey);
  if (head === undefined || headRow.parse(head.value).stopped !== undefined) return;
  const code = await shareFault(cloud, group);
  if (code === undefined) return;
  if (!(await setStopped(cloud, group, { code, at: cloud.clock.now() }))) return; // somebody is at work: in ten seconds again
  cloud.log.error('group_stopped', { group, code });
  const rows = await cloud.table.range(group, 'endpoint|', after('endpoint|'), 1000);
  const slots = rows.map((row) => endpointRow.parse(row.value)).filter(({ revoked }) => revoked !== true);
  const hint = { kind: 'held' as const, group };
  if (slots.length > 0) await cloud.sites.send(slots.map(({ slot }) => ({ to: slot, hint })));
}

const attempts = 20;

/** False where commits keep moving the head meanwhile. */
export async function setStopped(cloud: Cloud, group: string, stopped: Stopped | undefined): Promise<boolean> {
  const view = new View(cloud.table, group, emptyCache());
  for (let attempt = 0; attempt < attempts; attempt++) {
    const head = await view.refresh();
    if (head === undefined) return false;
    const { committedSeq, intentSeq } = head.row;
    try {
      await transactHead(cloud.table, view, { committedSeq, intentSeq, txnId: newTxnId(cloud), stopped }, []);
      return true;
    } catch (error) {
      if (!(error instanceof HeadMoved)) throw error;
    }
  }
  return false;
}
