// One page of a query. A page ends at $top, at 4 MiB, or when much was read and little found: the client then gets a
// continuation (perhaps with no entity at all, as in Azure), and other requests get their turn.
import type { Entity } from './entity.ts';
import { refusal } from './errors.ts';
import { type Filter, parseFilter } from './filter.ts';
import { predicateOf, Row } from './filter-match.ts';
import { type AccessRange, isWithin, type KeyRange, keyRangeOf, type Position } from './key-range.ts';
import type { TableStore } from './store.ts';

export interface Query {
  readonly filter: Filter | undefined;
  readonly top: number;
  /** Names of the properties wanted; undefined for all. */
  readonly select: ReadonlySet<string> | undefined;
  readonly continuation: Position | undefined;
}

export interface Page {
  readonly entities: readonly Entity[];
  readonly next: Position | undefined;
}

const pageLength = 1000;
const pageBytes = 4_194_304;
const pageReads = 10_000;

/** Options of OData that the service does not have: to ignore them would be another answer than the one asked for. */
const unsupported = ['$orderby', '$skip', '$count', '$inlinecount', '$expand', '$apply', '$search', '$skiptoken'];

/** Refuses (NotImplemented) the options of OData that the service does not have. */
export function checkOptions(parameters: URLSearchParams): void {
  if (parameters.size > 0 && unsupported.some((option) => parameters.has(option))) throw refusal('NotImplemented');
}

/** The query options of a URL. Refuses what the service would not understand. */
export function readQuery(parameters: URLSearchParams): Query {
  checkOptions(parameters);
  const filter = parameters.get('$filter');
  const nextPk = parameters.get('NextPartitionKey');
  const nextRk = parameters.get('NextRowKey');
  return {
    filter: filter === null || filter.trim() === '' ? undefined : parseFilter(filter),
    top: readTop(parameters.get('$top')),
    select: readSelect(parameters.get('$select')),
    continuation:
      nextPk === null ? undefined : { pk: decodeMark(nextPk), rk: nextRk === null ? '' : decodeMark(nextRk) },
  };
}

export function readTop(text: string | null): number {
  if (text === null) return pageLength;
  const top = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(top >= 1 && top <= pageLength)) throw refusal('InvalidInput', '$top must be a number from 1 to 1000.');
  return top;
}

export function readSelect(text: string | null): ReadonlySet<string> | undefined {
  if (text === null || text.trim() === '') return undefined;
  const names = new Set(text.split(',').map((name) => name.trim()));
  return names.has('*') ? undefined : names;
}

/** Continuations travel in headers, which take neither all characters nor empty values; the shape is Azure's. */
export function encodeMark(key: string): string {
  const encoded = Buffer.from(key).toString('base64url');
  return `1!${encoded.length}!${encoded}`;
}

export function decodeMark(mark: string): string {
  const [, length, encoded] = /^1!(\d+)!([\w-]*)$/.exec(mark) ?? [];
  if (encoded === undefined || Number(length) !== encoded.length)
    throw refusal('InvalidInput', 'The continuation token is not valid.');
  return Buffer.from(encoded, 'base64url').toString();
}

export function readPage(store: TableStore, table: number, query: Query, access: AccessRange | undefined): Page {
  const range = keyRangeOf(query.filter, access, query.continuation);
  const entities: Entity[] = [];
  if (range === undefined) return { entities, next: undefined };
  const holds = query.filter === undefined ? undefined : predicateOf(query.filter);
  let reads = 0;
  let bytes = 0;
  for (const entity of rowsOf(store, table, range)) {
    if (access !== undefined && !isWithin(entity, access)) continue;
    if (entities.length === query.top || bytes > pageBytes || reads === pageReads)
      return { entities, next: { pk: entity.pk, rk: entity.rk } };
    reads++;
    if (holds !== undefined && !holds(new Row(entity))) continue;
    entities.push(entity);
    bytes += entity.fragment.length;
  }
  return { entities, next: undefined };
}

const columns = 'SELECT pk, rk, stamp, fragment FROM entities WHERE t = ?';

/** Rows come in key order straight from the primary key, read only as far as the page goes. */
function rowsOf(store: TableStore, table: number, range: KeyRange): Iterable<Entity> {
  const rows =
    range.kind === 'partition'
      ? range.to === undefined
        ? store.sql(`${columns} AND pk = ? AND rk >= ? ORDER BY rk`).iterate(table, range.pk, range.from)
        : store
            .sql(`${columns} AND pk = ? AND rk >= ? AND rk <= ? ORDER BY rk`)
            .iterate(table, range.pk, range.from, range.to)
      : range.toPk === undefined
        ? store.sql(`${columns} AND (pk, rk) >= (?, ?) ORDER BY pk, rk`).iterate(table, range.from.pk, range.from.rk)
        : store
            .sql(`${columns} AND (pk, rk) >= (?, ?) AND pk <= ? ORDER BY pk, rk`)
            .iterate(table, range.from.pk, range.from.rk, range.toPk);
  return rows as Iterable<unknown> as Iterable<Entity>;
}
