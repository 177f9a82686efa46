// A person has decided that the share, as it is now, is the group's. The namespace is forgotten and made anew from the share;
// each site then merges what it has, when somebody resumes it there, and nothing is deleted anywhere. Made so that it may be
// killed at any call and asked again: from the first write on the group stays stopped, and nothing but this ends that.
import { randomHex } from '../base/random.ts';
import { TidewayError } from '../base/errors.ts';
import { epochPath, stagingDir } from '../protocol/layout.ts';
import { newScan } from './enumerate/start.ts';
import { newTxnId, type Cloud } from './group.ts';
import type { Row, Share, Write } from './ports.ts';
import { makeDir, prepareShare } from './registry.ts';
import {
  after,
  endpointRow,
  floorKey,
  floorRow,
  groupKey,
  groupRow,
  headKey,
  headRow,
  pubKey,
  type HeadRow,
} from './rows.ts';

/** All that is said of the old tree, or under way in it. The log goes by its floor, what is in trash by its age. */
const forgotten = ['intent|', 'parked|', 'node|', 'id|', 'marked|', 'scan|', 'todo|', 'sight|', 'hot', 'mark'];
const pageRows = 100;

export type Rebuilt = 'forgetting' | 'taking-in';

/**
 * Works for about `ms`; `forgetting`: ask again. Rejects with `group_unknown`, `group_not_stopped`, `group_just_stopped` while a
 * committer may still be at work on the share, and `share_unknown`.
 */
export async function rebuildGroup(cloud: Cloud, group: string, ms: number): Promise<Rebuilt> {
  const until = cloud.clock.monotonic() + ms;
  const [known, at] = await Promise.all([cloud.table.get(group, groupKey), cloud.table.get(group, headKey)]);
  if (known === undefined || at === undefined)
    throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
  const name = groupRow.parse(known.value).share;
  const head = await begun(cloud, group, at);
  await ownShare(cloud, group, cloud.share(name), name, head.row.epoch);
  for (const prefix of forgotten)
    for (;;) {
      const rows = await cloud.table.range(group, prefix, after(prefix), pageRows);
      if (rows.length === 0) break;
      if (cloud.clock.monotonic() > until) return 'forgetting';
      await cloud.table.transact(
        group,
        rows.map(({ key }) => ({ do: 'delete', key })),
      );
    }
  await end(cloud, group, head);
  return 'taking-in';
}

interface Head {
  readonly row: HeadRow;
  readonly etag: string;
}

/** From here on the right share coming back is no way out any more, as the namespace is no longer whole. */
async function begun(cloud: Cloud, group: string, { value, etag }: Row): Promise<Head> {
  const row = headRow.parse(value);
  const { stopped } = row;
  if (stopped?.code === 'rebuilding') return { row, etag };
  if (stopped === undefined)
    throw new TidewayError('group_not_stopped', `${group} is in order: there is nothing to rebuild`, {
      path: group,
      hint: 'A group can be rebuilt while it is stopped because its share was restored or replaced.',
    });
  const now = cloud.clock.now();
  if (now - stopped.at < cloud.settings.turnMs)
    throw new TidewayError('group_just_stopped', `${group} was stopped just now: something may be under way`, {
      path: group,
      hint: `Try again in ${Math.ceil(cloud.settings.turnMs / 1000)} seconds.`,
    });
  const { held: _held, ...kept } = row;
  const epoch = randomHex(cloud.random, 12);
  const next: HeadRow = { ...kept, txnId: newTxnId(cloud), epoch, stopped: { code: 'rebuilding', at: now } };
  const [written = ''] = await cloud.table.transact(group, [{ do: 'replace', key: headKey, value: next, etag }]);
  cloud.log.warn('group_rebuilding', { group });
  return { row: next, etag: written };
}

/** The share carries the group's new epoch, and no mark of its former life. */
async function ownShare(cloud: Cloud, group: string, share: Share, name: string, epoch: string): Promise<void> {
  await prepareShare(cloud, share, name);
  await share.setMetadata(epochPath, 'file', { tw_epoch: epoch });
  const endpoints = await cloud.table.range(group, 'endpoint|', after('endpoint|'), 1000);
  for (const { value } of endpoints) await makeDir(share, stagingDir(endpointRow.parse(value).id));
}

/** Numbers go on, so that no name in trash and no snapshot's number comes twice. */
async function end(cloud: Cloud, group: string, { row, etag }: Head): Promise<void> {
  const { stopped: _stopped, ...kept } = row;
  const seq = row.intentSeq;
  const next: HeadRow = { ...kept, committedSeq: seq, intentSeq: seq, txnId: newTxnId(cloud) };
  const floor = await cloud.table.get(group, floorKey);
  const writes: Write[] = [
    { do: 'replace', key: headKey, value: next, etag },
    { do: 'put', key: pubKey, value: { v: 1, publishedSeq: seq } },
    ...newScan(cloud, { kind: 'intake', path: '' }).writes,
  ];
  if (floor !== undefined) {
    const value = { ...floorRow.parse(floor.value), floor: seq, movedAt: cloud.clock.now() };
    writes.push({ do: 'replace', key: floorKey, value, etag: floor.etag });
  }
  await cloud.table.transact(group, writes);
  cloud.log.warn('group_rebuilt', { group, seq });
}
