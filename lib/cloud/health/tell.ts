// What alerts read: one record a minute for each endpoint and each group, silent ones too, since a record that is missing
// could alert nobody; and one of the timer itself. A worker written in JavaScript cannot hand metrics to the Functions host
// (github.com/Azure/azure-functions-nodejs-worker, issue 147), so they are lines of its log, which the host collects.
import { lateMs } from '../backup/late.ts';
import { readBook } from '../backup/book.ts';
import type { Cloud } from '../group.ts';
import { listGroups } from '../registry.ts';
import { readHealth } from './report.ts';
import { vitalsOf } from './vitals.ts';

/** By `event`; the names stand in infra/modules/alerts.bicep, too. */
export type Vital = Readonly<Record<string, string | number>>;

export async function tellHealth(cloud: Cloud, tell: (vital: Vital) => void): Promise<void> {
  const groups = await listGroups(cloud);
  tell({ event: 'tideway.timer', groups: groups.length });
  for (const group of groups)
    try {
      for (const vital of await vitals(cloud, group)) tell(vital);
    } catch (error) {
      cloud.log.error('health_unknown', { group, error }); // the other groups go on, and this one is told of in a minute
    }
}

async function vitals(cloud: Cloud, group: string): Promise<readonly Vital[]> {
  const [known, book] = await Promise.all([readHealth(cloud, group), readBook(cloud, group)]);
  const now = cloud.clock.now();
  const snapshotLateSeconds = Math.round(lateMs(book.settings?.value, book.state?.value, now) / 1000);
  return [
    { event: 'tideway.group', group, snapshotLateSeconds },
    ...known.flatMap(({ endpoint, health }) => {
      const found = vitalsOf(endpoint, health, now);
      return found === undefined ? [] : [{ event: 'tideway.endpoint', group, ...found }];
    }),
  ];
}
