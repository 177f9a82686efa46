// What is no longer wanted goes, in bounded steps: staged files nobody names, trash, the log below its floor, tombstones.
// All ages are settings. Nothing here is in a hurry, and a step that finds something unexpected leaves it alone.
import type { Cloud } from '../group.ts';
import { collectLog } from './log.ts';
import { collectStaging, type Staged } from './staging.ts';
import { collectTrash, countVersions } from './trash.ts';
import { RowConflict } from '../ports.ts';
import { floorKey, floorRow, groupKey, groupRow } from '../rows.ts';

/** Answers what is left of what is staged; undefined where there is no group. */
export async function collect(cloud: Cloud, group: string): Promise<Staged | undefined> {
  const [row, at] = await Promise.all([cloud.table.get(group, groupKey), cloud.table.get(group, floorKey)]);
  if (row === undefined || at === undefined) return undefined;
  const share = cloud.share(groupRow.parse(row.value).share);
  const staged = await collectStaging(cloud, group, share);
  const floor = floorRow.parse(at.value);
  const counted = await countVersions(cloud, group, share, floor);
  const trashed = await collectTrash(cloud, group, share, counted);
  const value = await collectLog(cloud, group, trashed);
  if (JSON.stringify(value) === JSON.stringify(floor)) return staged;
  try {
    await cloud.table.transact(group, [{ do: 'replace', key: floorKey, value, etag: at.etag }]);
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // another run was faster and did the same
  }
  return staged;
}
