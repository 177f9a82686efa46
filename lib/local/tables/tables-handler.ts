// Tables: list, create, drop, and their stored access policies.
import type { Call, Service } from './call.ts';
import { parseObject } from './entity.ts';
import { refusal } from './errors.ts';
import { parseFilter } from './filter.ts';
import { predicateOf } from './filter-match.ts';
import { mayCreateTable, mayDropTable, mayHandlePolicies, mayListTables } from './grant.ts';
import { checkTableName } from './names.ts';
import { policiesXml, readPolicies } from './policies.ts';
import { checkOptions, decodeMark, encodeMark, readTop } from './query.ts';
import { emptyReply, jsonReply, type Reply, tableBody, tablesBody, xmlReply } from './reply.ts';

export async function handleTables(service: Service, call: Call): Promise<Reply> {
  if (call.method === 'GET') return listTables(service, call);
  if (call.method === 'POST') return createTable(service, call);
  throw refusal('MethodNotAllowed');
}

function listTables({ store, url }: Service, { address, grant, metadata }: Call): Reply {
  mayListTables(grant);
  checkOptions(address.query);
  const filter = address.query.get('$filter');
  const mark = address.query.get('NextTableName');
  const top = readTop(address.query.get('$top'));
  const holds = filter === null || filter.trim() === '' ? undefined : predicateOf(parseFilter(filter));
  const found: string[] = [];
  let next: string | undefined;
  // An account has few tables: they are read whole, then filtered.
  for (const name of store.tableNames(mark === null ? '' : decodeMark(mark), -1)) {
    if (holds !== undefined && !holds({ value: (property) => tableProperty(property, name) })) continue;
    if (found.length === top) {
      next = name;
      break;
    }
    found.push(name);
  }
  const headers = next === undefined ? [] : ['x-ms-continuation-NextTableName', encodeMark(next.toLowerCase())];
  return jsonReply(200, metadata, tablesBody(url, found, metadata), headers);
}

function tableProperty(property: string, name: string): { kind: 'string'; value: string } | undefined {
  return property === 'TableName' ? { kind: 'string', value: name } : undefined;
}

async function createTable({ store, writer, url }: Service, call: Call): Promise<Reply> {
  mayCreateTable(call.grant);
  const name = checkTableName(parseObject(call.body)['TableName']);
  await writer.write(() => store.createTable(name));
  const location = `${url}/Tables('${name}')`;
  if (call.header('prefer') === 'return-no-content')
    return emptyReply(204, [
      'Location',
      location,
      'DataServiceId',
      location,
      'Preference-Applied',
      'return-no-content',
    ]);
  return jsonReply(201, call.metadata, tableBody(url, name, call.metadata), ['Location', location]);
}

export async function handleTable({ store, writer, sweeper, url }: Service, call: Call, table: string): Promise<Reply> {
  if (call.method === 'GET') {
    mayListTables(call.grant);
    return jsonReply(200, call.metadata, tableBody(url, store.table(table).name, call.metadata));
  }
  if (call.method !== 'DELETE') throw refusal('MethodNotAllowed');
  mayDropTable(call.grant);
  await writer.write(() => store.dropTable(table));
  sweeper.wake();
  return emptyReply(204);
}

export async function handlePolicies({ store, writer }: Service, call: Call, table: string): Promise<Reply> {
  mayHandlePolicies(call.grant);
  if (call.method === 'GET') return xmlReply(policiesXml(readPolicies(store.table(table).acl)));
  if (call.method !== 'PUT') throw refusal('MethodNotAllowed');
  const acl = policiesXml(readPolicies(call.body));
  await writer.write(() => store.setAcl(table, acl));
  return emptyReply(204);
}
