// What an agent is handed: SAS for the share (read), the group's rows (read), the queue (send), its slot (listen), and
// staging paths (create and write one file each). No account key ever leaves the backend.
import { randomHex } from '../base/random.ts';
import { TidewayError } from '../base/errors.ts';
import type { Access, Slots } from '../protocol/api.ts';
import { stagingDir, stagedPath } from '../protocol/layout.ts';
import type { Cloud } from './group.ts';
import {
  endpointKey,
  endpointRow,
  groupKey,
  groupRow,
  headKey,
  headRow,
  type EndpointRow,
  type GroupRow,
} from './rows.ts';

/** Times are ms since 1970. */
export interface Signer {
  readShare(share: string, now: number, expires: number): { url: string; sas: string };
  writeFile(share: string, path: string, now: number, expires: number): string;
  readPartition(group: string, now: number, expires: number): { url: string; name: string; sas: string };
  /** Connection strings of Service Bus for one entity. */
  sendTo(entity: string, expires: number): string;
  listenTo(entity: string, expires: number): string;
}

const hour = 3600_000;

export async function access(cloud: Cloud, signer: Signer, group: string, endpointId: string): Promise<Access> {
  const { row, endpoint, epoch } = await member(cloud, group, endpointId);
  const now = cloud.clock.now();
  const expires = now + cloud.settings.accessHours * hour;
  const subscription = endpoint.slot;
  return {
    group,
    server: endpoint.server,
    expires,
    epoch,
    share: signer.readShare(row.share, now, expires),
    table: signer.readPartition(group, now, expires),
    changes: { queue: 'changes', connection: signer.sendTo('changes', expires) },
    hints: {
      topic: 'sites',
      subscription,
      connection: signer.listenTo(`sites/Subscriptions/${subscription}`, expires),
    },
    settings: { exclude: row.exclude, pollActiveMs: 5_000, pollIdleMs: 30_000, resendMs: 60_000 },
  };
}

/** Slots of one batch: their names share a prefix, so that the committer finds them with one listing. */
export async function slots(
  cloud: Cloud,
  signer: Signer,
  group: string,
  endpointId: string,
  count: number,
): Promise<Slots> {
  const { row } = await member(cloud, group, endpointId);
  const now = cloud.clock.now();
  const expires = now + cloud.settings.accessHours * hour;
  const batch = randomHex(cloud.random, 5);
  const out = Array.from({ length: count }, (_, index) => {
    const slot = `${batch}-${index.toString(36)}`;
    return {
      slot,
      sas: signer.writeFile(row.share, stagedPath(endpointId, slot), now, expires),
      blocksSas: signer.writeFile(row.share, `${stagedPath(endpointId, slot)}.b`, now, expires),
    };
  });
  return { directory: stagingDir(endpointId), expires, slots: out };
}

async function member(
  cloud: Cloud,
  group: string,
  endpointId: string,
): Promise<{ row: GroupRow; endpoint: EndpointRow; epoch: string }> {
  const [head, groupAt, endpointAt] = await Promise.all([
    cloud.table.get(group, headKey),
    cloud.table.get(group, groupKey),
    cloud.table.get(group, endpointKey(endpointId)),
  ]);
  if (head === undefined || groupAt === undefined || endpointAt === undefined)
    throw new TidewayError('endpoint_unknown', `there is no endpoint ${endpointId} in ${group}`);
  const endpoint = endpointRow.parse(endpointAt.value);
  if (endpoint.revoked === true)
    throw new TidewayError('endpoint_revoked', `${endpoint.server} was revoked`, {
      hint: 'Register the server again if this was not meant.',
    });
  return { row: groupRow.parse(groupAt.value), endpoint, epoch: headRow.parse(head.value).epoch };
}
