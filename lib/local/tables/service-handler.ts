// The service itself: its properties (kept as they were set; nothing here acts on them) and replication statistics.
import type { Call, Service } from './call.ts';
import { refusal } from './errors.ts';
import { mayReadService, mayWriteService } from './grant.ts';
import { emptyReply, type Reply, xmlReply } from './reply.ts';
import { parseXml } from './xml.ts';

const metrics = (kind: string): string =>
  `<${kind}><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></${kind}>`;
const defaults = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>${metrics('HourMetrics')}${metrics('MinuteMetrics')}<Cors /></StorageServiceProperties>`;

export async function handleService({ store, writer }: Service, call: Call, now: number): Promise<Reply> {
  const { method, address, grant, body } = call;
  if (address.query.get('restype') !== 'service') throw refusal('InvalidQueryParameterValue');
  const comp = address.query.get('comp');
  if (comp === 'properties' && method === 'GET') {
    mayReadService(grant);
    return xmlReply(store.setting('properties') ?? defaults);
  }
  if (comp === 'properties' && method === 'PUT') {
    mayWriteService(grant);
    if (parseXml(body).name !== 'StorageServiceProperties') throw refusal('InvalidXmlDocument');
    await writer.write(() => store.set('properties', body));
    return emptyReply(202);
  }
  if (comp === 'stats' && method === 'GET') {
    mayReadService(grant);
    const synced = new Date(now).toUTCString();
    return xmlReply(
      `<?xml version="1.0" encoding="utf-8"?><StorageServiceStats><GeoReplication><Status>live</Status><LastSyncTime>${synced}</LastSyncTime></GeoReplication></StorageServiceStats>`,
    );
  }
  throw refusal(comp === 'properties' || comp === 'stats' ? 'MethodNotAllowed' : 'InvalidQueryParameterValue');
}
