// One hint per server of the group to its slot of the topic; then `pub` moves. Rows ride along while they are small.
import type { LogRow } from '../protocol/log-row.ts';
import { logKey, logRow } from '../protocol/log-row.ts';
import { maxRideBytes } from '../protocol/hint.ts';
import type { Cloud } from './group.ts';
import { RowConflict } from './ports.ts';
import { after, endpointRow, headKey, headRow, pubKey, pubRow } from './rows.ts';

/** More would not fit anyway: a row takes about half a kilobyte. */
const maxRideRows = 16;

/** Tells all sites how far the log reaches. Two at once send the same twice, which is harmless. */
export async function fanOut(cloud: Cloud, group: string): Promise<void> {
  const [headAt, pubAt] = await Promise.all([cloud.table.get(group, headKey), cloud.table.get(group, pubKey)]);
  if (headAt === undefined) return;
  const to = headRow.parse(headAt.value).committedSeq;
  const published = pubAt === undefined ? 0 : pubRow.parse(pubAt.value).publishedSeq;
  if (to <= published) return;
  const from = published + 1;
  const [rows, endpoints] = await Promise.all([
    to - from < maxRideRows ? readRows(cloud, group, from, to) : undefined,
    cloud.table.range(group, 'endpoint|', after('endpoint|'), 1000),
  ]);
  const rides = rows !== undefined && JSON.stringify(rows).length <= maxRideBytes ? { rows: [...rows] } : {};
  const hint = { kind: 'committed' as const, group, from, to, ...rides };
  const messages = endpoints
    .map((row) => endpointRow.parse(row.value))
    .filter((endpoint) => endpoint.revoked !== true)
    .map((endpoint) => ({ to: endpoint.slot, hint }));
  if (messages.length > 0) await cloud.sites.send(messages);
  const value = { v: 1, publishedSeq: to };
  try {
    await cloud.table.transact(group, [
      pubAt === undefined
        ? { do: 'insert', key: pubKey, value }
        : { do: 'replace', key: pubKey, value, etag: pubAt.etag },
    ]);
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // somebody else has moved it, and sent the same
  }
}

async function readRows(cloud: Cloud, group: string, from: number, to: number): Promise<readonly LogRow[]> {
  const rows = await cloud.table.range(group, logKey(from), logKey(to + 1), to - from + 1);
  return rows.map((row) => logRow.parse(row.value));
}
