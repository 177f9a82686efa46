// Table storage as bare REST, for the rows that every commit reads and writes: the official client builds a whole request
// pipeline for each row of a transaction. Proved equal to it by one contract suite (test/contract/ports/table.ts).
// https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
import { createHmac, createSecretKey } from 'node:crypto';
import { z } from 'zod';
import { count } from '../../base/counters.ts';
import { TidewayError, messageOf } from '../../base/errors.ts';
import { RowConflict, TableBusy, type Row, type Table, type Write } from '../../cloud/ports.ts';
import { columns, valueOf } from '../columns.ts';
import type { Answer } from './answer-reader.ts';
import { isBusy } from './busy.ts';
import { connect } from './request.ts';

export type TableCredential =
  | { readonly kind: 'key'; readonly account: string; readonly key: string }
  | { readonly kind: 'sas'; readonly sas: string }
  | { readonly kind: 'token'; token(): Promise<string> };

export interface TableRest extends Table {
  close(): void;
}

const timeoutMs = 30_000;
const version = '2019-02-02';
/** The first that takes tokens. */
const tokenVersion = '2020-12-06';
const pageRows = 1000;

const entity = z.object({ RowKey: z.string(), 'odata.etag': z.string() }).loose();
const page = z.object({ value: z.array(entity) });

/** `endpoint` is the account's table endpoint, `name` the table's name. */
export function tableRest(endpoint: string, name: string, credential: TableCredential, sockets = 16): TableRest {
  const url = new URL(endpoint);
  const connection = connect(url.origin, sockets);
  const base = url.pathname.replace(/\/$/, '');
  const secret = credential.kind === 'key' ? createSecretKey(credential.key, 'base64') : undefined;

  const call = async (
    method: string,
    path: string,
    query: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> => {
    const date = new Date().toUTCString();
    const bytes = body === undefined ? undefined : Buffer.from(body, 'utf8');
    const all: Record<string, string> = {
      'x-ms-version': credential.kind === 'token' ? tokenVersion : version,
      'x-ms-date': date,
      dataserviceversion: '3.0',
      accept: 'application/json;odata=minimalmetadata',
      ...headers,
      'content-length': String(bytes?.length ?? 0),
    };
    const target = `${base}${path}`;
    let full = query === '' ? target : `${target}?${query}`;
    if (credential.kind === 'sas') full += `${query === '' ? '?' : '&'}${credential.sas.replace(/^\?/, '')}`;
    if (credential.kind === 'key' && secret !== undefined) {
      const text = `${date}\n/${credential.account}${target}`;
      const signature = createHmac('sha256', secret).update(text, 'utf8').digest('base64');
      all['authorization'] = `SharedKeyLite ${credential.account}:${signature}`;
    }
    if (credential.kind === 'token') all['authorization'] = `Bearer ${await credential.token()}`;
    count(`requests.tables.${method === 'POST' ? 'batch' : query === '' ? 'get' : 'query'}`);
    const answer = await connection.request(method, full, all, bytes, timeoutMs).catch((error: unknown) => {
      throw new TableBusy(messageOf(error), { cause: error });
    });
    if (isBusy(answer.status)) throw new TableBusy(`${answer.status} ${codeOf(answer)}`);
    return answer;
  };
  const entityPath = (group: string, key: string): string =>
    `/${name}(PartitionKey=${quoted(group)},RowKey=${quoted(key)})`;

  return {
    close: () => connection.close(),
    get: async (group, key) => {
      const answer = await call('GET', entityPath(group, key), '', {});
      if (answer.status === 404 && codeOf(answer) !== 'TableNotFound') return undefined;
      const row: unknown = JSON.parse(ok(answer).body.toString('utf8'));
      const etag = answer.headers.get('etag') ?? '';
      return { key, etag, value: valueOf(z.record(z.string(), z.unknown()).parse(row)) };
    },
    range: async (group, from, to, limit) => {
      const filter = `PartitionKey eq ${literal(group)} and RowKey ge ${literal(from)} and RowKey lt ${literal(to)}`;
      const rows: Row[] = [];
      for (let next = ''; rows.length < limit;) {
        const top = Math.min(limit - rows.length, pageRows);
        const query = `$filter=${encodeURIComponent(filter)}&$top=${top}${next}`;
        const answer = ok(await call('GET', `/${name}()`, query, {}));
        for (const each of page.parse(JSON.parse(answer.body.toString('utf8'))).value)
          rows.push({ key: each.RowKey, etag: each['odata.etag'], value: valueOf(each) });
        // A page may be short, even empty, and still not be the last one.
        const partition = answer.headers.get('x-ms-continuation-nextpartitionkey');
        const row = answer.headers.get('x-ms-continuation-nextrowkey');
        if (partition === undefined) break;
        next = `&NextPartitionKey=${encodeURIComponent(partition)}`;
        if (row !== undefined) next += `&NextRowKey=${encodeURIComponent(row)}`;
      }
      return rows;
    },
    transact: async (group, writes) => {
      for (let left = writes; ;) {
        const answer = await call('POST', '/$batch', '', batchHeaders, batchBody(url.origin + base, name, group, left));
        const outcome = batchOutcome(answer, left);
        if ('etags' in outcome) return spread(writes, left, outcome.etags);
        // Azure refuses the whole when a row to delete is not there; for us a delete without an ETag is then done already.
        const missing = left[outcome.at];
        if (outcome.status !== 404 || missing?.do !== 'delete' || missing.etag !== undefined) throw refused(outcome);
        left = left.filter((write) => write !== missing);
        if (left.length === 0) return writes.map(() => '');
      }
    },
  };

  function quoted(text: string): string {
    return encodeURIComponent(literal(text));
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const batch = 'batch_tideway';
const changes = 'changeset_tideway';
const batchHeaders = { 'content-type': `multipart/mixed; boundary=${batch}` };

function batchBody(root: string, name: string, group: string, writes: readonly Write[]): string {
  let body = `--${batch}\r\ncontent-type: multipart/mixed; boundary=${changes}\r\n\r\n`;
  for (const write of writes) body += `--${changes}\r\n${part(root, name, group, write)}\r\n`;
  return `${body}--${changes}--\r\n--${batch}--\r\n`;
}

function part(root: string, name: string, group: string, write: Write): string {
  const [method, match] = verb(write);
  const keys = `(PartitionKey=${encodeURIComponent(literal(group))},RowKey=${encodeURIComponent(literal(write.key))})`;
  const target = `${root}/${name}${method === 'POST' ? '' : keys}`;
  const head =
    `content-type: application/http\r\ncontent-transfer-encoding: binary\r\n\r\n` +
    `${method} ${target} HTTP/1.1\r\naccept: application/json;odata=minimalmetadata\r\ndataserviceversion: 3.0\r\n` +
    `prefer: return-no-content\r\n${match === undefined ? '' : `if-match: ${match}\r\n`}`;
  if (write.do === 'delete') return `${head}\r\n`;
  const json = JSON.stringify({ PartitionKey: group, RowKey: write.key, ...columns(write.value) });
  return `${head}content-type: application/json\r\n\r\n${json}`;
}

function verb(write: Write): readonly [method: string, ifMatch: string | undefined] {
  switch (write.do) {
    case 'insert':
      return ['POST', undefined];
    case 'put':
      return ['PUT', undefined];
    case 'replace':
      return ['PUT', write.etag];
    case 'delete':
      return ['DELETE', write.etag ?? '*'];
    default:
      throw new Error('broken invariant: no such write');
  }
}

type Outcome =
  | { readonly etags: readonly string[] }
  | { readonly at: number; readonly status: number; readonly code: string };

/** One answer per write when all went through, else one answer alone, whose text begins with the index of the culprit. */
function batchOutcome(answer: Answer, writes: readonly Write[]): Outcome {
  const parts = ok(answer).body.toString('utf8').split('HTTP/1.1 ').slice(1);
  const failed = parts.find((each) => Number(each.slice(0, 3)) >= 400);
  if (failed !== undefined) {
    const at = Number(/"value"\s*:\s*"(\d+):/.exec(failed)?.[1] ?? '0');
    return { at, status: Number(failed.slice(0, 3)), code: /"code"\s*:\s*"(\w+)"/.exec(failed)?.[1] ?? '' };
  }
  if (parts.length !== writes.length)
    throw new TidewayError('table_answer_odd', `${parts.length} answers to ${writes.length} writes`);
  return { etags: parts.map((each) => /^etag: *(.+?)\r?$/im.exec(each)?.[1] ?? '') };
}

function refused(outcome: { readonly status: number; readonly code: string }): Error {
  const text = `${outcome.status} ${outcome.code}`;
  if (outcome.status === 404 || outcome.status === 409 || outcome.status === 412) return new RowConflict(text);
  return isBusy(outcome.status) ? new TableBusy(text) : new TidewayError('table_call_failed', text);
}

/** ETags in the order of all writes, those that needed no request left empty. */
function spread(writes: readonly Write[], sent: readonly Write[], etags: readonly string[]): readonly string[] {
  const byWrite = new Map(sent.map((write, index) => [write, etags[index] ?? '']));
  return writes.map((write) => byWrite.get(write) ?? '');
}

function ok(answer: Answer): Answer {
  if (answer.status < 400) return answer;
  throw new TidewayError('table_call_failed', `${answer.status} ${codeOf(answer)}`);
}

function codeOf(answer: Answer): string {
  return /"code"\s*:\s*"(\w+)"/.exec(answer.body.toString('utf8'))?.[1] ?? '';
}
