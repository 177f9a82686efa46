// Evaluates a filter against kept entities. A property that is missing, or of another type than the literal, fails every
// comparison, `ne` too: the service compares within a type only (numbers of all widths are one type).
import { sortableDateTime } from './date-time.ts';
import type { Entity } from './entity.ts';
import type { Comparator, Filter } from './filter.ts';
import type { Literal } from './filter-lexer.ts';
import { compareText } from './names.ts';
import { timestampOf } from './stamp.ts';

/** Whatever has properties: an entity, or a table with its TableName. */
export interface Valued {
  value(property: string): Literal | undefined;
}

export type Predicate = (row: Valued) => boolean;

/** Compiles once a query, so that a row costs a few calls and no look at the tree. */
export function predicateOf(filter: Filter): Predicate {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map(predicateOf);
      return (row) => terms.every((term) => term(row));
    }
    case 'or': {
      const terms = filter.terms.map(predicateOf);
      return (row) => terms.some((term) => term(row));
    }
    case 'not': {
      const term = predicateOf(filter.term);
      return (row) => !term(row);
    }
    case 'constant':
      return () => filter.value;
    case 'compare': {
      const { property, literal } = filter;
      const holds = tests[filter.comparator];
      return (row) => {
        const value = row.value(property);
        if (value === undefined || value.kind !== literal.kind) return false;
        const order = compare(value, literal);
        return order !== undefined && holds(order);
      };
    }
  }
}

const tests: Readonly<Record<Comparator, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

/** Negative, zero or positive; undefined where there is no order (NaN). */
function compare(a: Literal, b: Literal): number | undefined {
  if (typeof a.value === 'string' && typeof b.value === 'string') return compareText(a.value, b.value);
  if (a.value < b.value) return -1;
  if (a.value > b.value) return 1;
  // A bigint and a number are equal by value only under `==`; neither being smaller says the same, but for NaN.
  return Number.isNaN(a.value) || Number.isNaN(b.value) ? undefined : 0;
}

/** An entity whose properties are parsed when the first of them is asked for. */
export class Row implements Valued {
  readonly entity: Entity;
  #object: Readonly<Record<string, unknown>> | undefined;

  constructor(entity: Entity) {
    this.entity = entity;
  }

  value(property: string): Literal | undefined {
    switch (property) {
      case 'PartitionKey':
        return { kind: 'string', value: this.entity.pk };
      case 'RowKey':
        return { kind: 'string', value: this.entity.rk };
      case 'Timestamp':
        return { kind: 'datetime', value: sortableDateTime(timestampOf(this.entity.stamp)) };
      default: {
        this.#object ??= JSON.parse(`{${this.entity.fragment}}`) as Readonly<Record<string, unknown>>;
        if (!Object.hasOwn(this.#object, property)) return undefined;
        return literalOf(this.#object[property], this.#object[`${property}@odata.type`]);
      }
    }
  }
}

function literalOf(value: unknown, type: unknown): Literal | undefined {
  if (typeof value === 'number') return { kind: 'number', value };
  if (typeof value === 'boolean') return { kind: 'boolean', value };
  if (typeof value !== 'string') return undefined;
  switch (type) {
    case 'Edm.Int64':
      return { kind: 'number', value: BigInt(value) };
    case 'Edm.Double':
      return { kind: 'number', value: Number(value) };
    case 'Edm.DateTime':
      return { kind: 'datetime', value: sortableDateTime(value) };
    case 'Edm.Guid':
      return { kind: 'guid', value };
    case 'Edm.Binary':
      return { kind: 'binary', value: Buffer.from(value, 'base64').toString('hex') };
    default:
      return { kind: 'string', value };
  }
}
