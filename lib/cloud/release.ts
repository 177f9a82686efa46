// A person has looked: what was held goes on. Asked again it does nothing, so that a lost answer does no harm.
import { TidewayError } from '../base/errors.ts';
import { RowConflict } from './ports.ts';
import { emptyCache } from './cached-rows.ts';
import { newTxnId, type Cloud } from './group.ts';
import { endpointKey, endpointRow, headKey, headRow, type EndpointRow } from './rows.ts';
import { setStopped, shareFault } from './share-mark.ts';
import { HeadMoved, transactHead } from './transact.ts';
import { View } from './view.ts';

/** Commits go on meanwhile, and each moves the head. */
const attempts = 20;

/**
 * From an endpoint that is held, or any of a group that is stopped. Rejects with `share_not_back` while the share still is not
 * the right one, `group_rebuilding`, and with `HeadMoved` where others are at work all the time: ask again.
 */
export async function release(cloud: Cloud, group: string, endpointId: string): Promise<void> {
  await start(cloud, group);
  for (let attempt = 1; ; attempt++) {
    try {
      return await releaseOnce(cloud, group, endpointId);
    } catch (error) {
      if (attempt >= attempts || !(error instanceof HeadMoved || error instanceof RowConflict)) throw error;
    }
  }
}

async function start(cloud: Cloud, group: string): Promise<void> {
  const head = await cloud.table.get(group, headKey);
  const stopped = head === undefined ? undefined : headRow.parse(head.value).stopped;
  if (stopped === undefined) return;
  if (stopped.code === 'rebuilding')
    throw new TidewayError('group_rebuilding', `${group} is half forgotten`, {
      path: group,
      hint: 'Run `tideway group rebuild` again until it is through.',
    });
  const code = await shareFault(cloud, group);
  if (code !== undefined)
    throw new TidewayError('share_not_back', `the share of ${group} is still not the right one (${code})`, {
      path: group,
      hint: 'Put back the share that the group had last. To go on with this one: `tideway group rebuild`.',
    });
  await setStopped(cloud, group, undefined);
  cloud.log.warn('group_released', { group });
}

async function releaseOnce(cloud: Cloud, group: string, endpointId: string): Promise<void> {
  const view = new View(cloud.table, group, emptyCache());
  const head = await view.refresh();
  const { [endpointId]: own, ...others } = head?.row.held ?? {};
  const row = await view.row(endpointKey(endpointId));
  if (head === undefined || own === undefined || row === undefined) return;
  const { changed: _changed, ...endpoint } = endpointRow.parse(row.value);
  const value: EndpointRow = { ...endpoint, passUntil: cloud.clock.now() + cloud.settings.massPassMs };
  const { committedSeq, intentSeq } = head.row;
  const held = Object.keys(others).length === 0 ? undefined : others;
  await transactHead(cloud.table, view, { committedSeq, intentSeq, txnId: newTxnId(cloud), held }, [
    { do: 'replace', key: row.key, value, etag: row.etag },
  ]);
  cloud.log.warn('endpoint_released', { group, endpoint: endpointId });
}
