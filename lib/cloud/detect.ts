// Somebody asks for edits made on the share: the path itself was announced by that, and counts after one more look; what is
// below it is enumerated.
import { TidewayError } from '../base/errors.ts';
import { rootId } from '../core/node.ts';
import { plainShareName } from '../core/share-name.ts';
import type { ScanAnswer } from '../protocol/api.ts';
import { emptyCache } from './cached-rows.ts';
import { scanKey, scanRow, type ScanRow } from './enumerate/rows.ts';
import { startScan } from './enumerate/start.ts';
import type { Cloud } from './group.ts';
import { groupKey, groupRow } from './rows.ts';
import { lookTwice } from './share-changed.ts';
import { View, join, shareNameOf } from './view.ts';

/** `path` has Linux names, from the group's root. Rejects with `group_unknown`, `path_invalid`, `too_many_scans`. */
export async function detectChanges(
  cloud: Cloud,
  group: string,
  request: { readonly path: string; readonly allowDeletes?: boolean | undefined },
): Promise<ScanAnswer> {
  const row = await cloud.table.get(group, groupKey);
  if (row === undefined) throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
  const share = cloud.share(groupRow.parse(row.value).share);
  const path = await sharePathOf(cloud, group, request.path);
  const scan = await startScan(cloud, group, { kind: 'path', path, allowDeletes: request.allowDeletes });
  if (path !== '') await lookTwice(cloud, group, share, path, true);
  return answerOf(scan);
}

/** Rejects with `scan_unknown`: it never was, or ended more than a day ago. */
export async function detection(cloud: Cloud, group: string, id: string): Promise<ScanAnswer> {
  const row = await cloud.table.get(group, scanKey(id));
  if (row === undefined) throw new TidewayError('scan_unknown', `there is no enumeration ${id} in ${group}`);
  return answerOf(scanRow.parse(row.value));
}

function answerOf({
  id,
  path,
  state,
  code,
  startedAt,
  endedAt,
  directories,
  entries,
  sent,
  problems,
}: ScanRow): ScanAnswer {
  const end = { ...(code === undefined ? {} : { code }), ...(endedAt === undefined ? {} : { endedAt }) };
  return { id, path, state, ...end, startedAt, directories, entries, changes: sent, problems };
}

/** By the rows of the nodes on the way; below what nobody knows, as a Linux client of the share would spell it. */
async function sharePathOf(cloud: Cloud, group: string, linuxPath: string): Promise<string> {
  const names = linuxPath.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..'))
    throw new TidewayError('path_invalid', `${linuxPath} leads out of the group`, { path: linuxPath });
  const view = new View(cloud.table, group, emptyCache());
  await view.refresh();
  let parent: string | undefined = rootId;
  let path = '';
  for (const name of names) {
    const child: Awaited<ReturnType<View['childNamed']>> =
      parent === undefined ? undefined : await view.childNamed(parent, name);
    path = join(path, child === undefined ? (plainShareName(name) ?? name) : shareNameOf(child));
    parent = child?.id;
  }
  return path;
}
