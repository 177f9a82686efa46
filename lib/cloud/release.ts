// A person has looked: what was held goes on. Asked again it does nothing, so that a lost answer does no harm.
import { RowConflict } from './ports.ts';
import { emptyCache } from './cached-rows.ts';
import { newTxnId, type Cloud } from './group.ts';
import { endpointKey, endpointRow, type EndpointRow } from './rows.ts';
import { HeadMoved, transactHead } from './transact.ts';
import { View } from './view.ts';

/** Commits go on meanwhile, and each moves the head. */
const attempts = 20;

/** From the endpoint that is held. Rejects with `HeadMoved` where others are at work all the time: ask again. */
export async function release(cloud: Cloud, group: string, endpointId: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await releaseOnce(cloud, group, endpointId);
    } catch (error) {
      if (attempt >= attempts || !(error instanceof HeadMoved || error instanceof RowConflict)) throw error;
    }
  }
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
