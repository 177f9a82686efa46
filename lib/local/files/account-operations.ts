import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';
import { elements } from './xml.ts';

const metrics = (name: string): string =>
  `<${name}><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></${name}>`;

/** The parts of the document; what a request leaves out stays as it is. */
const defaults = new Map([
  ['HourMetrics', metrics('HourMetrics')],
  ['MinuteMetrics', metrics('MinuteMetrics')],
  ['Cors', '<Cors/>'],
  [
    'ProtocolSettings',
    '<ProtocolSettings><SMB><Multichannel><Enabled>false</Enabled></Multichannel></SMB></ProtocolSettings>',
  ],
]);

const maxCorsRules = 5;

/** Get File Service Properties: what was set. It changes nothing in the embedded service, which measures nothing. */
export function getServiceProperties({ store }: Call): Reply {
  const row = store.db.prepare('SELECT properties FROM account').get();
  return xmlReply(documentOf(String(row?.['properties'] ?? ''), ''));
}

/** Errors: InvalidXmlDocument, InvalidXmlNodeValue. */
export async function setServiceProperties({ store, body }: Call): Promise<Reply> {
  const xml = Buffer.from(body).toString('utf8');
  if (!/<StorageServiceProperties[\s>][^]*<\/StorageServiceProperties>\s*$/.test(xml))
    throw new FilesError('InvalidXmlDocument');
  for (const flag of elements(xml, 'Enabled'))
    if (flag !== 'true' && flag !== 'false') throw new FilesError('InvalidXmlNodeValue', 'Enabled');
  if (elements(xml, 'CorsRule').length > maxCorsRules) throw new FilesError('InvalidXmlNodeValue', 'CorsRule');
  await store.write(() => {
    const row = store.db.prepare('SELECT properties FROM account').get();
    const next = documentOf(xml, String(row?.['properties'] ?? ''));
    store.db.prepare('UPDATE account SET properties = ?').run(next);
  });
  return { status: 202, headers: [] };
}

/** Each part from `xml`, or else from `before`, or else as it is at first. */
function documentOf(xml: string, before: string): string {
  const parts = [...defaults].map(([name, preset]) => part(xml, name) ?? part(before, name) ?? preset);
  const text = parts.join('');
  return `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>${text}</StorageServiceProperties>`;
}

function part(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}(?:\\s[^>]*)?(?:/>|>[^]*?</${name}>)`).exec(xml)?.[0];
}
