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
  /** When all that it signs ends. */
  readonly expires: number;
  readShare(share: string): { url: string; sas: string };
  writeFile(share: string, path: string): string;
  readPartition(group: string): { url: string; name: string; sas: string };
  /** Connection strings of Service Bus for one entity. */
  sendTo(entity: string): string;
  listenTo(entity: string): string;
}

/** Signs until `wanted`, or less where the keys it signs with end before. */
export type SignerAt = (now: number, wanted: number) => Promise<Signer>;

const hour = 3600_000;

export async function access(cloud: Cloud, signerAt: SignerAt, group: string, endpointId: string): Promise<Access> {
  const { row, endpoint, epoch } = await member(cloud, group, endpointId);
  const now = cloud.clock.now();
  const signer = await signerAt(now, now + cloud.settings.accessHours * hour);
  const subscription = endpoint.slot;
  return {
    group,
    server: endpoint.server,
    expires: signer.expires,
    epoch,
    share: signer.readShare(row.share),
    table: signer.readPartition(group),
    changes: { queue: 'changes', connection: signer.sendTo('changes') },
    hints: {
      topic: 'sites',
      subscription,
      connection: signer.listenTo(`sites/Subscriptions/${subscription}`),
    },
    settings: { exclude: row.exclude, pollActiveMs: 5_000, pollIdleMs: 30_000, resendMs: 60_000 },
  };
}

/** Slots of one batch: their names share a prefix, so that the committer finds them with one listing. */
export async function slots(
  cloud: Cloud,
  signerAt: SignerAt,
  group: string,
  endpointId: string,
  count: number,
): Promise<Slots> {
  const { row } = await member(cloud, group, endpointId);
  const now = cloud.clock.now();
  const signer = await signerAt(now, now + cloud.settings.accessHours * hour);
  const batch = randomHex(cloud.random, 5);
  const out = Array.from({ length: count }, (_, index) => {
    const slot = `${batch}-${index.toString(36)}`;
    return {
      slot,
      sas: signer.writeFile(row.share, stagedPath(endpointId, slot)),
      blocksSas: signer.writeFile(row.share, `${stagedPath(endpointId, slot)}.b`),
    };
  });
  return { directory: stagingDir(endpointId), expires: signer.expires, slots: out };
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
