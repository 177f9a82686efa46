// Entities, one request each: query, get, insert, replace, merge, delete.
import type { Call, Service } from './call.ts';
import { refusal } from './errors.ts';
import { mayQuery, mayWrite, rangeOf } from './grant.ts';
import { isWithin } from './key-range.ts';
import { type Operation, readOperation } from './operation.ts';
import { encodeMark, readPage, readQuery, readSelect } from './query.ts';
import { emptyReply, entitiesBody, entityBody, entityUrl, jsonReply, type Reply } from './reply.ts';
import { etagOf } from './stamp.ts';
import type { Target } from './target.ts';

export async function handleEntities(
  service: Service,
  call: Call,
  target: Extract<Target, { kind: 'entities' | 'entity' }>,
): Promise<Reply> {
  if (call.method !== 'GET') return writeEntity(service, call, target);
  return target.kind === 'entities' ? queryEntities(service, call, target.table) : getEntity(service, call, target);
}

export function queryEntities({ store, url }: Service, { address, grant, metadata }: Call, name: string): Reply {
  mayQuery(grant, name);
  const query = readQuery(address.query);
  const table = store.table(name);
  const { entities, next } = readPage(store, table.id, query, rangeOf(grant));
  const headers: string[] = [];
  if (next !== undefined) {
    headers.push('x-ms-continuation-NextPartitionKey', encodeMark(next.pk));
    headers.push('x-ms-continuation-NextRowKey', encodeMark(next.rk));
  }
  return jsonReply(200, metadata, entitiesBody(url, table.name, entities, metadata, query.select), headers);
}

export function getEntity(
  { store, url }: Service,
  { address, grant, metadata }: Call,
  target: Extract<Target, { kind: 'entity' }>,
): Reply {
  mayQuery(grant, target.table);
  const table = store.table(target.table);
  const entity = store.entity(table.id, target.pk, target.rk);
  const range = rangeOf(grant);
  if (entity === undefined || (range !== undefined && !isWithin(entity, range))) throw refusal('ResourceNotFound');
  const select = readSelect(address.query.get('$select'));
  const body = entityBody(url, table.name, entity, metadata, select);
  return jsonReply(200, metadata, body, ['ETag', etagOf(entity.stamp)]);
}

async function writeEntity(service: Service, call: Call, target: Target & { readonly table: string }): Promise<Reply> {
  const operation = readOperation({
    method: call.method,
    target,
    ifMatch: call.header('if-match'),
    ifNoneMatch: call.header('if-none-match'),
    body: call.body,
  });
  mayWrite(call.grant, target.table, operation);
  const { store, writer, counters } = service;
  const written = await writer.write(() => {
    const table = store.table(target.table);
    return { table: table.name, stamp: store.apply(table.id, operation) };
  });
  counters.entitiesWritten++;
  const returnsContent = call.header('prefer') !== 'return-no-content';
  return writtenReply(service.url, written.table, operation, written.stamp, returnsContent, call);
}

/** The answer to a write, alone or inside a transaction. */
export function writtenReply(
  url: string,
  table: string,
  operation: Operation,
  stamp: number,
  returnsContent: boolean,
  { metadata }: Pick<Call, 'metadata'>,
): Reply {
  if (operation.kind === 'delete') return emptyReply(204);
  const headers = ['ETag', etagOf(stamp)];
  if (operation.kind !== 'insert') return emptyReply(204, headers);
  const { pk, rk, fragment } = operation;
  const location = entityUrl(url, table, pk, rk);
  headers.push('Location', location);
  if (returnsContent)
    return jsonReply(201, metadata, entityBody(url, table, { pk, rk, stamp, fragment }, metadata, undefined), headers);
  return emptyReply(204, ['Preference-Applied', 'return-no-content', ...headers, 'DataServiceId', location]);
}
