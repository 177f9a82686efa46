// The store against a Map: random writes, the same outcomes, the same entities; and what transactions promise.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { must } from '../../../lib/base/errors.ts';
import { membersOf, propertiesOf } from '../../../lib/local/tables/entity.ts';
import type { Match, Operation } from '../../../lib/local/tables/operation.ts';
import { propertyOf } from '../../../lib/local/tables/property.ts';
import { TableStore } from '../../../lib/local/tables/store.ts';
import { Writer } from '../../../lib/local/tables/writer.ts';

let now = 1_000_000;
const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
let store: TableStore;

beforeEach(() => {
  store = new TableStore(':memory:', clock);
  store.createTable('things');
});
afterEach(() => store.db.close());

interface Known {
  readonly stamp: number;
  readonly values: ReadonlyMap<string, number>;
}
type Step = {
  readonly kind: Operation['kind'];
  readonly rk: string;
  readonly values: Readonly<Record<string, number>>;
  readonly match: 'none' | 'any' | 'right' | 'stale';
};

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('insert', 'replace', 'merge', 'delete'),
    rk: fc.constantFrom('x', 'y'),
    values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer()),
    match: fc.constantFrom('none', 'any', 'right', 'stale'),
  }),
  { maxLength: 30 },
);

function operationOf({ kind, rk, values }: Step, match: Match | undefined): Operation {
  const properties = Object.entries(values).map(([name, value]) => propertyOf(name, value, undefined));
  const pk = 'p';
  switch (kind) {
    case 'insert':
      return { kind, pk, rk, fragment: membersOf(properties, true) };
    case 'replace':
      return { kind, pk, rk, fragment: membersOf(properties, true), match };
    case 'merge':
      return { kind, pk, rk, properties, match };
    case 'delete':
      return { kind, pk, rk, match: match ?? '*' };
  }
}

/** What must come of a step: a refusal's code, or the values the entity has then (undefined: gone). */
function expectedOf(step: Step, known: Known | undefined): string | ReadonlyMap<string, number> | undefined {
  const conditional = step.kind === 'delete' || (step.kind !== 'insert' && step.match !== 'none');
  if (step.kind === 'insert' && known !== undefined) return 'EntityAlreadyExists';
  if (conditional && known === undefined) return 'ResourceNotFound';
  if (conditional && step.match === 'stale') return 'UpdateConditionNotSatisfied';
  if (step.kind === 'delete') return undefined;
  const values = Object.entries(step.values);
  return new Map(step.kind === 'merge' ? [...(known?.values ?? []), ...values] : values);
}

describe('the store', () => {
  test('does what a map does', () => {
    fc.assert(
      fc.property(steps, (all) => {
        store.db.exec('DELETE FROM entities');
        const model = new Map<string, Known>();
        let last = 0;
        for (const step of all) {
          const known = model.get(step.rk);
          const matches = { none: undefined, any: '*', right: known?.stamp ?? 1, stale: 1 } as const;
          const expected = expectedOf(step, known);
          const apply = (): number => store.apply(1, operationOf(step, matches[step.match]));
          if (typeof expected === 'string') {
            expect(apply).toThrow(expect.objectContaining({ code: expected }));
          } else if (expected === undefined) {
            expect(apply()).toBe(0);
            model.delete(step.rk);
          } else {
            const stamp = apply();
            expect(stamp).toBeGreaterThan(last);
            last = stamp;
            model.set(step.rk, { stamp, values: expected });
          }
          const entity = store.entity(1, 'p', step.rk);
          const after = model.get(step.rk);
          expect(entity?.stamp).toBe(after?.stamp);
          if (after !== undefined) {
            const kept = propertiesOf(must(entity, 'entity').fragment).map(({ name, text }) => [name, Number(text)]);
            expect(new Map(kept as [string, number][])).toEqual(after.values);
          }
        }
      }),
    );
  });

  test('keeps Double, Int32 and Int64 apart through a merge', () => {
    const fragment = '"d":5.0,"e":1e+21,"i":5,"l@odata.type":"Edm.Int64","l":"5","n@odata.type":"Edm.Double","n":"NaN"';
    expect(membersOf(propertiesOf(fragment), true)).toBe(fragment);
    expect(propertiesOf(fragment).map(({ type }) => type.slice(4))).toEqual([
      'Double',
      'Double',
      'Int32',
      'Int64',
      'Double',
    ]);
  });

  test('removes dropped tables in pieces and leaves the others alone', () => {
    store.createTable('other');
    for (let i = 0; i < 25; i++)
      for (const table of [1, 2]) store.apply(table, { kind: 'insert', pk: 'p', rk: String(i), fragment: '' });
    store.dropTable('THINGS');
    const left = (): unknown => store.db.prepare('SELECT count(*) AS n FROM entities WHERE t = 1').get()?.['n'];
    expect([store.sweep(10), left()]).toEqual([true, 15]);
    expect([store.sweep(10), store.sweep(10), left()]).toEqual([true, true, 0]);
    expect(store.sweep(10)).toBe(false);
    expect(store.db.prepare('SELECT count(*) AS n FROM entities WHERE t = 2').get()?.['n']).toBe(25);
  });
});

describe('the writer', () => {
  const counters = { requests: 0, transactions: 0, entitiesWritten: 0, commits: 0 };
  const insert = (rk: string): number => store.apply(1, { kind: 'insert', pk: 'p', rk, fragment: '' });

  test('commits together, and undoes a failing part alone', async () => {
    const writer = new Writer(store, counters);
    const before = counters.commits;
    const outcomes = await Promise.allSettled([
      writer.write(() => insert('a')),
      writer.write(() => {
        insert('b');
        return insert('a');
      }),
      writer.write(() => insert('c')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(counters.commits - before).toBe(1);
    expect(['a', 'b', 'c'].map((rk) => store.entity(1, 'p', rk) !== undefined)).toEqual([true, false, true]);
  });

  test('reserves stamps anew when the part that reserved them was undone', async () => {
    const writer = new Writer(store, counters);
    await writer.write(() => insert('first'));
    now += 10_000;
    const undone = writer.write(() => {
      insert('undone');
      throw new Error('undone');
    });
    const kept = writer.write(() => insert('kept'));
    await expect(undone).rejects.toThrow('undone');
    expect(Number(store.setting('stamp'))).toBeGreaterThan(await kept);
  });
});
