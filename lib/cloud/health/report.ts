// Endpoints report, administrators ask.
import type { EndpointsAnswer, Report, ReportAnswer } from '../../protocol/report.ts';
import type { Cloud } from '../group.ts';
import { TidewayError } from '../../base/errors.ts';
import { after, endpointRow, groupKey, type EndpointRow } from '../rows.ts';
import { healthKey, healthPrefix, healthRow, type HealthRow } from './rows.ts';
import { isSilent, vitalsOf } from './vitals.ts';

const maxEndpoints = 1000;

/** The last one counts, whatever order they come in: the next one is never far. */
export async function takeReport(cloud: Cloud, group: string, endpoint: string, report: Report): Promise<ReportAnswer> {
  const value: HealthRow = { v: 1, at: cloud.clock.now(), report };
  await cloud.table.transact(group, [{ do: 'put', key: healthKey(endpoint), value }]);
  return { everyMs: cloud.settings.reportMs };
}

export interface Known {
  readonly endpoint: EndpointRow;
  readonly health: HealthRow | undefined;
}

export async function readHealth(cloud: Cloud, group: string): Promise<readonly Known[]> {
  const [endpoints, reports] = await Promise.all([
    cloud.table.range(group, 'endpoint|', after('endpoint|'), maxEndpoints),
    cloud.table.range(group, healthPrefix, after(healthPrefix), maxEndpoints),
  ]);
  const byKey = new Map(reports.map((row) => [row.key, healthRow.parse(row.value)]));
  return endpoints.map((row) => {
    const endpoint = endpointRow.parse(row.value);
    return { endpoint, health: byKey.get(healthKey(endpoint.id)) };
  });
}

/** Rejects with `group_unknown`. */
export async function listEndpoints(cloud: Cloud, group: string): Promise<EndpointsAnswer> {
  if ((await cloud.table.get(group, groupKey)) === undefined)
    throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
  const known = await readHealth(cloud, group);
  const now = cloud.clock.now();
  return {
    endpoints: known.map(({ endpoint, health }) => {
      const { server, path } = endpoint;
      const lastSeenAt = health === undefined ? null : new Date(health.at).toISOString();
      return {
        server,
        path,
        state: health?.report.state ?? null,
        lastSeenAt,
        silentSince: health !== undefined && isSilent(health, cloud.settings.reportMs, now) ? lastSeenAt : null,
        pendingSeconds: vitalsOf(endpoint, health, now)?.pendingSeconds ?? null,
      };
    }),
  };
}
