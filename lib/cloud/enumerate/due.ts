// Whether there is anything for the steps of enumeration to do: two reads where there is not.
import type { Cloud } from '../group.ts';
import { groupKey, groupRow, type GroupRow } from '../rows.ts';
import { forgettable, isOver, isWhole, scansOf, startScan, type Scan } from './start.ts';

/** `begun`: one of which steps that are under way know nothing. */
export type Due = 'begun' | 'open' | 'nothing';

/** Begins an enumeration of the whole share when it is time: edits that nobody announced are found at the latest by that. */
export async function enumerationsDue(cloud: Cloud, group: string): Promise<Due> {
  const [row, scans] = await Promise.all([cloud.table.get(group, groupKey), scansOf(cloud, group)]);
  if (row === undefined) return 'nothing';
  if (isDue(cloud, groupRow.parse(row.value), scans)) {
    await startScan(cloud, group, { kind: 'full', path: '' });
    return 'begun';
  }
  const open = scans.some(({ scan }) => !isOver(scan));
  return open || forgettable(scans, cloud.clock.now()).length > 0 ? 'open' : 'nothing';
}

function isDue(cloud: Cloud, { createdAt }: GroupRow, scans: readonly Scan[]): boolean {
  const whole = scans.filter(({ scan }) => isWhole(scan));
  if (whole.some(({ scan }) => !isOver(scan))) return false;
  const last = Math.max(createdAt, ...whole.map(({ scan }) => scan.startedAt));
  return cloud.clock.now() - last >= cloud.settings.enumerateMs;
}
