// Whatever filter, signature and page size: the pages together are what a plain loop over all entities finds.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { systemClock } from '../../../lib/base/clock.ts';
import { parseFilter } from '../../../lib/local/tables/filter.ts';
import { predicateOf, Row } from '../../../lib/local/tables/filter-match.ts';
import { isWithin, keyRangeOf, type Position } from '../../../lib/local/tables/key-range.ts';
import { compareText } from '../../../lib/local/tables/names.ts';
import { decodeMark, encodeMark, readPage } from '../../../lib/local/tables/query.ts';
import { TableStore } from '../../../lib/local/tables/store.ts';

// Code points whose order differs between UTF-8 and UTF-16, and prefixes of each other.
const keys = ['', 'a', 'aa', 'b', '\u{10000}', '\uffff', 'z'];
let store: TableStore;

beforeAll(() => {
  store = new TableStore(':memory:', systemClock);
  store.createTable('one');
  store.createTable('two');
  for (const table of [1, 2])
    for (const pk of keys)
      for (const rk of keys)
        store.apply(table, { kind: 'insert', pk, rk, fragment: `"n":${keys.indexOf(pk) * 7 + keys.indexOf(rk)}` });
});
afterAll(() => store.db.close());

const key = fc.constantFrom(...keys);
const keyTerm = fc
  .tuple(fc.constantFrom('PartitionKey', 'RowKey'), fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), key)
  .map(([property, comparator, value]) => `${property} ${comparator} '${value}'`);
const term = fc.oneof(
  keyTerm,
  keyTerm,
  fc.integer({ min: 0, max: 49 }).map((n) => `n lt ${n}`),
);
const filters = fc.oneof(
  fc.array(term, { minLength: 1, maxLength: 4 }).map((terms) => terms.join(' and ')),
  fc.tuple(term, term, term).map(([a, b, c]) => `${a} and (${b} or ${c})`),
  fc.tuple(term, term).map(([a, b]) => `not (${a}) or ${b}`),
);
const bound = fc.option(key, { nil: undefined });
const accesses = fc.option(fc.record({ startPk: bound, startRk: bound, endPk: bound, endRk: bound }), {
  nil: undefined,
});

describe('a query', () => {
  test('finds the same as a loop', () => {
    const sorted = keys.toSorted(compareText);
    fc.assert(
      fc.property(filters, accesses, fc.integer({ min: 1, max: 20 }), (text, access, top) => {
        const filter = parseFilter(text);
        const holds = predicateOf(filter);
        const all = sorted.flatMap((pk) => sorted.map((rk) => store.entity(1, pk, rk)));
        const expected = all.filter(
          (entity) =>
            entity !== undefined && holds(new Row(entity)) && (access === undefined || isWithin(entity, access)),
        );
        const found: unknown[] = [];
        let continuation: Position | undefined;
        do {
          const page = readPage(store, 1, { filter, top, select: undefined, continuation }, access);
          expect(page.entities.length).toBeLessThanOrEqual(top);
          found.push(...page.entities);
          const { next } = page;
          continuation = next && { pk: decodeMark(encodeMark(next.pk)), rk: decodeMark(encodeMark(next.rk)) };
        } while (continuation !== undefined);
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('that finds little or too much ends its page and goes on', () => {
    const wide = new TableStore(':memory:', systemClock);
    wide.createTable('wide');
    const fragment = `"text":"${'x'.repeat(30_000)}"`;
    wide.db.exec('BEGIN');
    for (let i = 0; i < 10_500; i++)
      wide.apply(1, { kind: 'insert', pk: 'small', rk: String(i).padStart(5, '0'), fragment: `"n":${i}` });
    for (let i = 0; i < 200; i++) wide.apply(1, { kind: 'insert', pk: 'large', rk: String(i), fragment });
    wide.db.exec('COMMIT');
    const pages = (text: string): number[] => {
      const filter = parseFilter(text);
      const lengths: number[] = [];
      let continuation: Position | undefined;
      do {
        const page = readPage(wide, 1, { filter, top: 1000, select: undefined, continuation }, undefined);
        lengths.push(page.entities.length);
        continuation = page.next;
      } while (continuation !== undefined);
      return lengths;
    };
    expect(pages("PartitionKey eq 'small' and n eq 10400")).toEqual([0, 1]);
    expect(pages("PartitionKey eq 'large'")).toEqual([140, 60]);
    wide.db.close();
  });

  test('of a partition reads that partition only, from the bound on', () => {
    const filter = parseFilter("PartitionKey eq 'log' and RowKey gt 'b' and RowKey lt 'd' and n eq 1");
    expect(keyRangeOf(filter, undefined, undefined)).toEqual({ kind: 'partition', pk: 'log', from: 'b', to: 'd' });
    const access = { startPk: 'log', startRk: undefined, endPk: 'log', endRk: 'c' };
    const expected = { kind: 'partition', pk: 'log', from: 'bb', to: 'c' };
    expect(keyRangeOf(filter, access, { pk: 'log', rk: 'bb' })).toEqual(expected);
    expect(keyRangeOf(undefined, access, undefined)).toEqual({ kind: 'partition', pk: 'log', from: '', to: 'c' });
    expect(keyRangeOf(parseFilter("PartitionKey eq 'other'"), access, undefined)).toBeUndefined();
  });

  test('uses the primary key, without sorting', () => {
    const plans: string[] = [];
    class Explained extends TableStore {
      override sql(text: string): ReturnType<TableStore['sql']> {
        const steps = text.startsWith('SELECT pk') ? this.db.prepare(`EXPLAIN QUERY PLAN ${text}`).all() : [];
        plans.push(...steps.map((step) => String(step['detail'])));
        return super.sql(text);
      }
    }
    const explained = new Explained(':memory:', systemClock);
    const byKeys = ["PartitionKey eq 'a'", "PartitionKey eq 'a' and RowKey lt 'b'"];
    for (const text of [...byKeys, "PartitionKey gt 'a'", "PartitionKey lt 'b'"]) {
      const query = { filter: parseFilter(text), top: 1, select: undefined, continuation: undefined };
      readPage(explained, 1, query, undefined);
    }
    explained.db.close();
    expect(plans).toHaveLength(4);
    for (const plan of plans)
      expect(plan).toMatch(/^SEARCH entities USING PRIMARY KEY \(t=\? AND (pk=\? AND rk>|\(pk,rk\)>)/);
  });
});
