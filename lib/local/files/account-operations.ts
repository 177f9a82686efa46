import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';

const defaultProperties =
  '<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><HourMetrics><Version>1.0</Version>' +
  '<Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>' +
  '<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled>' +
  '</RetentionPolicy></MinuteMetrics><Cors/></StorageServiceProperties>';

/** Get File Service Properties: the document that was set last. They change nothing in the embedded service. */
export function getServiceProperties({ store }: Call): Reply {
  const row = store.db.prepare('SELECT properties FROM account').get();
  return xmlReply(String(row?.['properties'] ?? '') || defaultProperties);
}

export async function setServiceProperties({ store, body }: Call): Promise<Reply> {
  const xml = Buffer.from(body).toString('utf8');
  if (!/<StorageServiceProperties[\s>][^]*<\/StorageServiceProperties>\s*$/.test(xml))
    throw new FilesError('InvalidXmlDocument');
  await store.write(() => store.db.prepare('UPDATE account SET properties = ?').run(xml));
  return { status: 202, headers: [] };
}
