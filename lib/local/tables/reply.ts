// Answers as data, so that one place writes them to the connection or into the answer of a transaction.
import { type Entity, membersOf, propertiesOf } from './entity.ts';
import { refusal } from './errors.ts';
import { etagOf, timestampOf } from './stamp.ts';

export interface Reply {
  readonly status: number;
  /** Name, value, name, value, ... */
  readonly headers: readonly string[];
  readonly body: string | undefined;
}

/** How much of OData's bookkeeping the client asked for. */
export type Metadata = 'none' | 'minimal' | 'full';

const names = { none: 'nometadata', minimal: 'minimalmetadata', full: 'fullmetadata' } as const;

/** The metadata level in `$format` or else Accept; plain JSON means minimal. Refuses Atom (415), as the service does. */
export function metadataOf(accept: string | undefined, format: string | null): Metadata {
  const wanted = format ?? accept ?? '';
  if (wanted.includes('nometadata')) return 'none';
  if (wanted.includes('fullmetadata')) return 'full';
  if (wanted.includes('atom') && !wanted.includes('json')) throw refusal('AtomFormatNotSupported');
  return 'minimal';
}

export function jsonReply(status: number, metadata: Metadata, body: string, headers: readonly string[] = []): Reply {
  const type = `application/json;odata=${names[metadata]};streaming=true;charset=utf-8`;
  return { status, headers: ['Content-Type', type, ...headers], body };
}

export function xmlReply(body: string): Reply {
  return { status: 200, headers: ['Content-Type', 'application/xml'], body };
}

export function emptyReply(status: number, headers: readonly string[] = []): Reply {
  return { status, headers, body: undefined };
}

/** `url` is the account's: metadata links and Location start with it. */
export function entityUrl(url: string, table: string, pk: string, rk: string): string {
  return `${url}/${table}(PartitionKey='${encodeKey(pk)}',RowKey='${encodeKey(rk)}')`;
}

function encodeKey(key: string): string {
  return encodeURIComponent(key.replaceAll("'", "''"));
}

/** One entity as the whole answer. */
export function entityBody(
  url: string,
  table: string,
  entity: Entity,
  metadata: Metadata,
  select: ReadonlySet<string> | undefined,
): string {
  const context = metadata === 'none' ? '' : `"odata.metadata":"${url}/$metadata#${table}/@Element",`;
  return `{${context}${members(url, table, entity, metadata, select)}}`;
}

export function entitiesBody(
  url: string,
  table: string,
  entities: readonly Entity[],
  metadata: Metadata,
  select: ReadonlySet<string> | undefined,
): string {
  const context = metadata === 'none' ? '' : `"odata.metadata":"${url}/$metadata#${table}",`;
  const items = entities.map((entity) => `{${members(url, table, entity, metadata, select)}}`);
  return `{${context}"value":[${items.join(',')}]}`;
}

function members(
  url: string,
  table: string,
  { pk, rk, stamp, fragment }: Entity,
  metadata: Metadata,
  select: ReadonlySet<string> | undefined,
): string {
  const parts: string[] = [];
  // An ETag has two quotation marks and nothing else that JSON would escape.
  const etag = `"odata.etag":"${etagOf(stamp).replaceAll('"', '\\"')}"`;
  if (metadata === 'full') {
    const link = `${table}(PartitionKey='${encodeKey(pk)}',RowKey='${encodeKey(rk)}')`;
    const account = url.slice(url.lastIndexOf('/') + 1);
    parts.push(`"odata.type":"${account}.${table}"`, `"odata.id":"${url}/${link}"`, etag, `"odata.editLink":"${link}"`);
  } else if (metadata === 'minimal') {
    parts.push(etag);
  }
  const wants = (name: string): boolean => select === undefined || select.has(name);
  if (wants('PartitionKey')) parts.push(`"PartitionKey":${JSON.stringify(pk)}`);
  if (wants('RowKey')) parts.push(`"RowKey":${JSON.stringify(rk)}`);
  if (wants('Timestamp')) {
    if (metadata === 'full') parts.push('"Timestamp@odata.type":"Edm.DateTime"');
    parts.push(`"Timestamp":"${timestampOf(stamp)}"`);
  }
  const properties = propertyMembers(fragment, metadata, select);
  if (properties !== '') parts.push(properties);
  return parts.join(',');
}

/** The kept fragment is what minimal metadata shows; anything else is made from the parsed properties. */
function propertyMembers(fragment: string, metadata: Metadata, select: ReadonlySet<string> | undefined): string {
  if (select === undefined && metadata !== 'none') return fragment;
  if (fragment === '') return '';
  const wanted = propertiesOf(fragment).filter(({ name }) => select === undefined || select.has(name));
  return membersOf(wanted, metadata !== 'none');
}

export function tableBody(url: string, name: string, metadata: Metadata): string {
  const context = metadata === 'none' ? '' : `"odata.metadata":"${url}/$metadata#Tables/@Element",`;
  return `{${context}${tableMembers(url, name, metadata)}}`;
}

export function tablesBody(url: string, tables: readonly string[], metadata: Metadata): string {
  const context = metadata === 'none' ? '' : `"odata.metadata":"${url}/$metadata#Tables",`;
  return `{${context}"value":[${tables.map((name) => `{${tableMembers(url, name, metadata)}}`).join(',')}]}`;
}

function tableMembers(url: string, name: string, metadata: Metadata): string {
  const account = url.slice(url.lastIndexOf('/') + 1);
  const links =
    metadata === 'full'
      ? `"odata.type":"${account}.Tables","odata.id":"${url}/Tables('${name}')","odata.editLink":"Tables('${name}')",`
      : '';
  return `${links}"TableName":"${name}"`;
}
