// The service itself: its properties and replication statistics.
import type { Call, Service } from './call.ts';
import { refusal } from './errors.ts';
import { userDelegationKey } from './delegation.ts';
import { mayDelegate, mayReadService, mayWriteService } from './grant.ts';
import { emptyReply, type Reply, xmlReply } from './reply.ts';
import { changedProperties, defaultProperties } from './service-properties.ts';

export async function handleService({ store, writer, sign }: Service, call: Call, now: number): Promise<Reply> {
  const { method, address, grant, body } = call;
  if (address.query.get('restype') !== 'service') throw refusal('InvalidQueryParameterValue');
  const comp = address.query.get('comp');
  if (comp === 'properties' && method === 'GET') {
    mayReadService(grant);
    return xmlReply(store.setting('properties') ?? defaultProperties);
  }
  if (comp === 'properties' && method === 'PUT') {
    mayWriteService(grant);
    await writer.write(() =>
      store.set('properties', changedProperties(store.setting('properties') ?? defaultProperties, body)),
    );
    return emptyReply(202);
  }
  if (comp === 'stats' && method === 'GET') {
    mayReadService(grant);
    const synced = new Date(now).toUTCString();
    return xmlReply(
      `<?xml version="1.0" encoding="utf-8"?><StorageServiceStats><GeoReplication><Status>live</Status><LastSyncTime>${synced}</LastSyncTime></GeoReplication></StorageServiceStats>`,
    );
  }
  if (comp === 'userdelegationkey' && method === 'POST') {
    const version = call.header('x-ms-version') ?? '';
    return xmlReply(userDelegationKey(mayDelegate(grant), body, version, now, sign));
  }
  throw refusal(comp === 'properties' || comp === 'stats' ? 'MethodNotAllowed' : 'InvalidQueryParameterValue');
}
