// What a URL names. Path-style only: the first segment is the account.
import { refusal } from './errors.ts';

export type Target =
  | { readonly kind: 'service' }
  | { readonly kind: 'batch' }
  | { readonly kind: 'tables' }
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'entities'; readonly table: string }
  | { readonly kind: 'entity'; readonly table: string; readonly pk: string; readonly rk: string };

export interface Address {
  /** The path as it was sent, still encoded: signatures cover it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly target: Target;
}

const entityShape = /^([A-Za-z0-9]+)\(PartitionKey='((?:[^']|'')*)', *RowKey='((?:[^']|'')*)'\)$/;
const entityShapeReversed = /^([A-Za-z0-9]+)\(RowKey='((?:[^']|'')*)', *PartitionKey='((?:[^']|'')*)'\)$/;
const tableShape = /^Tables\('([^']*)'\)$/;
const entitiesShape = /^([A-Za-z0-9]+)(?:\(\))?$/;
const noQuery = new URLSearchParams();

/** Reads a request's URL, relative or absolute. Refuses another account and paths that name nothing. */
export function readAddress(url: string, account: string): Address {
  const start = url.startsWith('/') ? 0 : pathStart(url);
  const mark = url.indexOf('?', start);
  const path = mark < 0 ? url.slice(start) : url.slice(start, mark);
  const query = mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1));
  return { path, query, target: targetOf(decode(path), account) };
}

/** The operations of a transaction carry absolute URLs. */
function pathStart(url: string): number {
  const scheme = /^https?:\/\/[^/?]*/i.exec(url);
  if (scheme === null) throw refusal('InvalidUri');
  return scheme[0].length;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) throw refusal('InvalidUri');
    throw error;
  }
}

function targetOf(path: string, account: string): Target {
  const root = `/${account}`;
  if (path === root || path === `${root}/`) return { kind: 'service' };
  if (!path.startsWith(`${root}/`)) throw refusal('ResourceNotFound');
  const name = path.slice(root.length + 1);
  if (name === '$batch') return { kind: 'batch' };
  if (name === 'Tables' || name === 'Tables()') return { kind: 'tables' };
  const table = tableShape.exec(name)?.[1];
  if (table !== undefined) return { kind: 'table', table };
  const entities = entitiesShape.exec(name)?.[1];
  if (entities !== undefined) return { kind: 'entities', table: entities };
  const entity = entityShape.exec(name);
  if (entity !== null) return entityTarget(entity[1], entity[2], entity[3]);
  const reversed = entityShapeReversed.exec(name);
  if (reversed !== null) return entityTarget(reversed[1], reversed[3], reversed[2]);
  throw refusal('InvalidUri');
}

function entityTarget(table = '', pk = '', rk = ''): Target {
  return { kind: 'entity', table, pk: pk.replaceAll("''", "'"), rk: rk.replaceAll("''", "'") };
}
