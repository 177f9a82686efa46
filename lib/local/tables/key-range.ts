// The part of the index that a query has to read: a superset of its result, from the keys its filter, its access
// signature and its continuation name. The filter is then evaluated on every row of it.
import type { Filter } from './filter.ts';
import { compareText } from './names.ts';

/** Bounds of a shared access signature: from (startPk, startRk) to (endPk, endRk), both inclusive; undefined = open. */
export interface AccessRange {
  readonly startPk: string | undefined;
  readonly startRk: string | undefined;
  readonly endPk: string | undefined;
  readonly endRk: string | undefined;
}

export interface Position {
  readonly pk: string;
  readonly rk: string;
}

/** One partition's rows, or a run of partitions; `to` inclusive, undefined = open. */
export type KeyRange =
  | { readonly kind: 'partition'; readonly pk: string; readonly from: string; readonly to: string | undefined }
  | { readonly kind: 'partitions'; readonly from: Position; readonly toPk: string | undefined };

export function isWithin({ pk, rk }: Position, range: AccessRange): boolean {
  const { startPk, startRk, endPk, endRk } = range;
  if (startPk !== undefined) {
    const order = compareText(pk, startPk);
    if (order < 0 || (order === 0 && startRk !== undefined && compareText(rk, startRk) < 0)) return false;
  }
  if (endPk !== undefined) {
    const order = compareText(pk, endPk);
    if (order > 0 || (order === 0 && endRk !== undefined && compareText(rk, endRk) > 0)) return false;
  }
  return true;
}

/** The index range for a query; undefined when no key can satisfy all of it. */
export function keyRangeOf(
  filter: Filter | undefined,
  access: AccessRange | undefined,
  continuation: Position | undefined,
): KeyRange | undefined {
  const pk = new Bounds();
  const rk = new Bounds();
  for (const { property, comparator, literal } of conjuncts(filter)) {
    const bounds = property === 'PartitionKey' ? pk : property === 'RowKey' ? rk : undefined;
    if (bounds === undefined || literal.kind !== 'string') continue;
    if (comparator === 'eq' || comparator === 'ge' || comparator === 'gt') bounds.atLeast(literal.value);
    if (comparator === 'eq' || comparator === 'le' || comparator === 'lt') bounds.atMost(literal.value);
  }
  if (access?.startPk !== undefined) pk.atLeast(access.startPk);
  if (access?.endPk !== undefined) pk.atMost(access.endPk);
  if (continuation !== undefined) pk.atLeast(continuation.pk);
  if (pk.isEmpty()) return undefined;
  if (pk.from === pk.to) {
    if (access?.startPk === pk.from && access.startRk !== undefined) rk.atLeast(access.startRk);
    if (access?.endPk === pk.from && access.endRk !== undefined) rk.atMost(access.endRk);
    if (continuation?.pk === pk.from) rk.atLeast(continuation.rk);
    return rk.isEmpty() ? undefined : { kind: 'partition', pk: pk.from, from: rk.from, to: rk.to };
  }
  let from = '';
  if (access?.startPk === pk.from) from = access.startRk ?? '';
  if (continuation?.pk === pk.from && compareText(continuation.rk, from) > 0) from = continuation.rk;
  return { kind: 'partitions', from: { pk: pk.from, rk: from }, toPk: pk.to };
}

/** The comparisons that every result must satisfy. */
function conjuncts(filter: Filter | undefined): readonly Extract<Filter, { kind: 'compare' }>[] {
  if (filter === undefined) return [];
  if (filter.kind === 'compare') return [filter];
  return filter.kind === 'and' ? filter.terms.flatMap(conjuncts) : [];
}

class Bounds {
  from = '';
  to: string | undefined;

  atLeast(value: string): void {
    if (compareText(value, this.from) > 0) this.from = value;
  }

  atMost(value: string): void {
    if (this.to === undefined || compareText(value, this.to) < 0) this.to = value;
  }

  isEmpty(): boolean {
    return this.to !== undefined && compareText(this.from, this.to) > 0;
  }
}
