// The part of the HTTP API that is about backups, all of it with the hub's token.
import { randomHex } from '../../base/random.ts';
import { TidewayError } from '../../base/errors.ts';
import { backupRequest, snapshotRequest, type BackupAnswer, type OrderAnswer } from '../../protocol/backup.ts';
import { answer, body, requireToken, type ApiAnswer, type ApiCall } from '../api.ts';
import type { Services } from '../services.ts';
import { order } from './order.ts';
import { demandPrefix, snapshotKey } from './rows.ts';
import { setBackup } from './settings.ts';
import { backupStatus, listSnapshots, mustBeGroup, orderState } from './show.ts';

export async function apiBackup(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async (): Promise<BackupAnswer> => {
    requireToken(services, call);
    if (call.method === 'PUT') await setBackup(services.cloud, group, body(call, backupRequest));
    return backupStatus(services.cloud, group);
  });
}

export async function apiSnapshots(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return listSnapshots(services.cloud, group);
  });
}

export async function apiTakeSnapshot(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async (): Promise<OrderAnswer> => {
    requireToken(services, call);
    const { cloud } = services;
    await mustBeGroup(cloud, group);
    const { order: wish, label, expiresAt } = body(call, snapshotRequest);
    const name = `${demandPrefix}${wish}`;
    const more = expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) };
    await order(
      cloud,
      group,
      new Map([[name, { kind: 'snapshot', ...more, ...(label === undefined ? {} : { label }) }]]),
    );
    return orderState(cloud, group, name);
  });
}

/** Rejects with `snapshot_unknown` where it is none of those that this group took. */
export async function apiDropSnapshot(
  services: Services,
  call: ApiCall,
  group: string,
  id: string,
): Promise<ApiAnswer> {
  return answer(services, async (): Promise<OrderAnswer> => {
    requireToken(services, call);
    const { cloud } = services;
    await mustBeGroup(cloud, group);
    if ((await cloud.table.get(group, snapshotKey(id))) === undefined)
      throw new TidewayError('snapshot_unknown', `${group} took no snapshot ${id}`, {
        path: id,
        hint: 'tideway snapshot list shows those that are there.',
      });
    const name = `${demandPrefix}drop-${randomHex(cloud.random, 8)}`;
    await order(cloud, group, new Map([[name, { kind: 'drop-snapshot', snapshot: id, why: 'on demand' }]]));
    return orderState(cloud, group, name);
  });
}

export async function apiOrder(services: Services, call: ApiCall, group: string, name: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return orderState(services.cloud, group, name);
  });
}
