// Entity-group transactions: all operations in one durable commit or none.
import { STATUS_CODES } from 'node:http';
import type { Call, Service } from './call.ts';
import { getEntity, queryEntities, writtenReply } from './entities-handler.ts';
import { errorBody, refusal, TableError } from './errors.ts';
import { mayWrite } from './grant.ts';
import { type Batch, type Part, readBatch } from './multipart.ts';
import { type Operation, readOperation } from './operation.ts';
import { jsonReply, metadataOf, type Reply } from './reply.ts';

import { readAddress } from './target.ts';

interface Change {
  readonly table: string;
  readonly operation: Operation;
  readonly part: Part;
}

const maximumChanges = 100;

/**
 * Answers 202 with one part per operation, or with a single part that tells the refusal and, in front of its text, the
 * position of the operation that caused it. `id` makes the boundaries, `now` the time in a refusal.
 */
export async function handleBatch(service: Service, call: Call, id: string, now: number): Promise<Reply> {
  if (call.method !== 'POST') throw refusal('MethodNotAllowed');
  const batch = readBatch(call.header('content-type'), call.body);
  let answers: readonly Reply[];
  try {
    answers =
      batch.kind === 'query' ? [query(service, call, batch)] : await commit(service, readChanges(service, call, batch));
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    answers = [jsonReply(error.status, 'minimal', errorBody(error, id, now))];
  }
  return batch.kind === 'query' ? queryAnswer(answers, id) : changesAnswer(answers, id);
}

function readChanges(service: Service, call: Call, { parts }: Batch): readonly Change[] {
  const changes: Change[] = [];
  const rows = new Set<string>();
  for (const [index, part] of parts.entries()) {
    try {
      if (index === maximumChanges)
        throw refusal('InvalidInput', 'The batch request operation exceeds the maximum 100 changes per change set.');
      const change = readChange(service, call, part);
      const { table, operation } = changes[0] ?? change;
      if (operation.pk !== change.operation.pk || table.toLowerCase() !== change.table.toLowerCase())
        throw refusal('CommandsInBatchActOnDifferentPartitions');
      if (rows.has(change.operation.rk)) throw refusal('InvalidDuplicateRow');
      rows.add(change.operation.rk);
      changes.push(change);
    } catch (error) {
      // The service names the hundredth when there is one too many.
      throw error instanceof TableError ? error.at(Math.min(index, maximumChanges - 1)) : error;
    }
  }
  return changes;
}

function readChange(service: Service, call: Call, part: Part): Change {
  const { target } = readAddress(part.url, service.account);
  if (target.kind !== 'entities' && target.kind !== 'entity') throw refusal('InvalidInput');
  const operation = readOperation({
    method: part.method,
    target,
    ifMatch: part.headers.get('if-match'),
    ifNoneMatch: part.headers.get('if-none-match'),
    body: part.body,
  });
  mayWrite(call.grant, target.table, operation);
  return { table: target.table, operation, part };
}

async function commit(service: Service, changes: readonly Change[]): Promise<readonly Reply[]> {
  const { store, writer, counters, url } = service;
  const [first] = changes;
  if (first === undefined) throw refusal('InvalidInput', 'The batch request is empty.');
  const written = await writer.write(() => {
    const table = store.table(first.table);
    const stamps = changes.map(({ operation }, index) => {
      try {
        return store.apply(table.id, operation);
      } catch (error) {
        throw error instanceof TableError ? error.at(index) : error;
      }
    });
    return { table: table.name, stamps };
  });
  counters.transactions++;
  counters.entitiesWritten += changes.length;
  return changes.map(({ operation, part }, index) => {
    const returnsContent = part.headers.get('prefer') !== 'return-no-content';
    const metadata = metadataOf(part.headers.get('accept'), null);
    return writtenReply(url, written.table, operation, written.stamps[index] ?? 0, returnsContent, { metadata });
  });
}

function query(service: Service, call: Call, { parts }: Batch): Reply {
  const [part] = parts;
  const address = readAddress(part?.url ?? '', service.account);
  const inner = { ...call, address, metadata: metadataOf(part?.headers.get('accept'), address.query.get('$format')) };
  if (address.target.kind === 'entity') return getEntity(service, inner, address.target);
  if (address.target.kind === 'entities') return queryEntities(service, inner, address.target.table);
  throw refusal('InvalidInput');
}

function changesAnswer(answers: readonly Reply[], id: string): Reply {
  const boundary = `changesetresponse_${id}`;
  const parts = answers.map((answer, index) => `--${boundary}\r\n${httpPart(answer, `Content-ID: ${index}\r\n`)}`);
  const inner = `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${parts.join('')}--${boundary}--\r\n`;
  return mixed(inner, id);
}

function queryAnswer(answers: readonly Reply[], id: string): Reply {
  return mixed(answers.map((answer) => httpPart(answer, '')).join(''), id);
}

function mixed(inner: string, id: string): Reply {
  const boundary = `batchresponse_${id}`;
  return {
    status: 202,
    headers: ['Content-Type', `multipart/mixed; boundary=${boundary}`],
    body: `--${boundary}\r\n${inner}--${boundary}--\r\n`,
  };
}

function httpPart({ status, headers, body }: Reply, contentId: string): string {
  let text = `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n`;
  text += `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${contentId}`;
  text += 'X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\nDataServiceVersion: 3.0;\r\n';
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n${body ?? ''}\r\n`;
}
