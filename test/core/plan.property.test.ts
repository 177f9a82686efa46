// Random trees against a small honest committer. PROPERTY_RUNS and PROPERTY_SEED repeat or lengthen a run:
//   PROPERTY_SEED=1234 PROPERTY_RUNS=1000000 npx jest test/core/plan.property
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from '../support/property.ts';
import type { NodeId } from '../../lib/core/node.ts';
import { maxRejections } from '../../lib/core/settle.ts';
import { calm, ModelEndpoint, type Chance } from '../support/model-endpoint.ts';
import { ModelCommitter } from '../support/model-committer.ts';
import { merge } from '../support/oracle.ts';
import { perturb, type Item, type Shape, type Turn } from '../support/perturb.ts';
import { converge, shapeOf, wholePlan, work, world, type World } from '../support/world.ts';

const runs = Number(process.env['PROPERTY_RUNS'] ?? 20_000);
// One seed for everybody, so that a red suite means a change; other seeds are for long runs.
const seed = Number(process.env['PROPERTY_SEED'] ?? 2);
const parameters = (share: number): fc.Parameters<unknown> => ({
  seed,
  numRuns: Math.ceil(runs * share),
  ...(process.env['PROPERTY_PATH'] === undefined ? {} : { path: process.env['PROPERTY_PATH'] }),
});

const nothing = { proposals: [], actions: [], agreed: [], adopted: [], hash: [], later: [], problems: [] };

const turn: fc.Arbitrary<Turn> = fc.record({
  what: fc.constantFrom('create', 'mkdir', 'edit', 'move', 'rename', 'swap', 'delete', 'chmod', 'touch'),
  a: fc.nat(60),
  b: fc.nat(60),
  c: fc.nat(60),
});
const make: fc.Arbitrary<Turn> = fc.record({
  what: fc.constantFrom('create', 'mkdir', 'mkdir'),
  a: fc.nat(60),
  b: fc.nat(60),
  c: fc.nat(60),
});

interface Three {
  readonly agreed: Shape;
  readonly one: Shape;
  readonly other: Shape;
}

const three: fc.Arbitrary<Three> = fc
  .record({
    base: fc.array(make, { maxLength: 10 }),
    ones: fc.array(turn, { maxLength: 7 }),
    others: fc.array(turn, { maxLength: 7 }),
  })
  .map(({ base, ones, others }) => {
    const clock = { now: 1 };
    const agreed: Shape = new Map();
    perturb(agreed, base, 'base', clock);
    const one = new Map(agreed);
    perturb(one, ones, 'one', clock);
    const other = new Map(agreed);
    perturb(other, others, 'other', clock);
    return { agreed, one, other };
  });

/** Chances from one seed, so that a failing case repeats. */
function rough(from: number, patience: number): Chance {
  let state = from >>> 0;
  let left = patience;
  // Too few to hold a node, also with the refusals that a delete and an edit of the same node earn by themselves.
  let vetoes = maxRejections - 3;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return {
    shuffle(items) {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = next(i + 1);
        const [a, b] = [out[i], out[j]];
        if (a !== undefined && b !== undefined) [out[i], out[j]] = [b, a];
      }
      return out;
    },
    fails: () => left-- > 0 && next(3) === 0,
    veto: () => (vetoes > 0 && next(6) === 0 && vetoes-- > 0 ? 'busy' : undefined),
  };
}

function check({ endpoint, committer }: World, { agreed, one, other }: Three): void {
  converge([endpoint]);
  const { trees } = endpoint;
  expect(trees.holds).toEqual(new Map());
  expect(shapeOf(trees.locals)).toEqual(shapeOf(committer.nodes));
  expect(shapeOf(trees.synceds)).toEqual(shapeOf(committer.nodes));
  expect(shapeOf(trees.remotes)).toEqual(shapeOf(committer.nodes));
  expect(wholePlan(endpoint)).toEqual(nothing);
  const contents = new Set([...committer.nodes.all()].map(({ hash }) => hash));
  for (const shape of [one, other]) {
    for (const item of shape.values()) {
      if (item.kind === 'file' && agreed.get(item.id)?.content !== item.content)
        expect(contents).toContain(item.content);
    }
  }
  for (const id of deleted(agreed, one, other)) expect(committer.nodes.get(id)).toBeUndefined();
}

/** Files that one side deleted and the other did not write to. A new file of the same content may be taken for the old one. */
function* deleted(agreed: Shape, one: Shape, other: Shape): Iterable<NodeId> {
  for (const item of agreed.values()) {
    if (item.kind === 'directory' || item.content === 'shared') continue;
    const kept = [one.get(item.id), other.get(item.id)].filter((at): at is Item => at !== undefined);
    if (kept.length < 2 && kept.every(({ content }) => content === item.content)) yield item.id;
  }
}

function equals({ endpoint }: World, shape: Shape): void {
  const expected = [...shape.values()].map(
    ({ id, parent, name, kind, content, mode, mtime }) =>
      `${id} ${parent}/${name} ${kind} ${content} ${mode} ${kind === 'file' ? `${mtime}000000` : ''}`,
  );
  expect(shapeOf(endpoint.trees.locals)).toEqual(expected.toSorted());
}

describe(`random trees, seed ${seed}`, () => {
  let merged = 0;
  let tried = 0;
  afterAll(() => {
    // The oracle must not fall silent because the trees conflict too often.
    if (tried > 1000) expect(merged / tried).toBeGreaterThan(0.15);
  });

  test('converge, lose nothing, bring nothing back, in both directions', () => {
    fc.assert(
      fc.property(three, fc.nat(3), ({ agreed, one, other }, hashes) => {
        const knows = (id: NodeId): boolean => (id.length + hashes) % 2 === 0;
        const expected = merge(agreed, one, other);
        tried++;
        if (expected !== undefined) merged++;
        for (const [here, there] of [
          [one, other],
          [other, one],
        ] as const) {
          const made = world(agreed, here, there, calm, knows);
          check(made, { agreed, one, other });
          if (expected !== undefined) equals(made, expected);
        }
      }),
      parameters(0.4),
    );
  });

  test('the same with late messages, failing actions, rejections and batches in any order', () => {
    fc.assert(
      fc.property(three, fc.nat(), ({ agreed, one, other }, luck) => {
        check(
          world(agreed, one, other, rough(luck, 60), () => luck % 2 === 0),
          { agreed, one, other },
        );
      }),
      parameters(0.4),
    );
  });

  test('two sites worked at while they sync end equal, and so does their share', () => {
    const days = fc.array(fc.tuple(fc.boolean(), fc.array(turn, { maxLength: 3 })), { maxLength: 8 });
    fc.assert(
      fc.property(days, fc.nat(), (turns, luck) => {
        const clock = { now: 1 };
        const committer = new ModelCommitter(0);
        const paris = new ModelEndpoint('paris', committer, luck % 3 === 0 ? calm : rough(luck, 40));
        const tokyo = new ModelEndpoint('tokyo', committer, luck % 3 === 0 ? calm : rough(luck + 1, 40));
        for (const [index, [atParis, edits]] of turns.entries()) {
          work(atParis ? paris : tokyo, edits, `${atParis ? 'p' : 't'}${index}`, clock);
          (luck % 2 === 0 ? paris : tokyo).round();
          if (luck % 5 === 0) tokyo.round();
        }
        converge([paris, tokyo]);
        for (const { trees } of [paris, tokyo]) {
          expect(trees.holds).toEqual(new Map());
          expect(shapeOf(trees.locals)).toEqual(shapeOf(committer.nodes));
          expect(shapeOf(trees.synceds)).toEqual(shapeOf(committer.nodes));
          expect(shapeOf(trees.remotes)).toEqual(shapeOf(committer.nodes));
        }
        expect(wholePlan(paris)).toEqual(nothing);
        expect(wholePlan(tokyo)).toEqual(nothing);
      }),
      parameters(0.15),
    );
  });

  test('a file that a writer is always at, and one left alone, hold up nothing else', () => {
    fc.assert(
      fc.property(three, ({ agreed, one, other }) => {
        const { endpoint, committer } = world(agreed, one, other, calm, () => true);
        const { trees } = endpoint;
        const busy = { parent: 'root', kind: 'file', size: 1, mtime: '1', mode: 0o644, hash: null } as const;
        trees.locals.set({ ...busy, id: 'busy', name: 'busy', settled: false });
        trees.locals.set({ ...busy, id: 'alone', name: 'alone', settled: true });
        trees.holds.set('alone', 'name_forbidden');
        endpoint.dirty.add('busy').add('alone');
        for (let round = 0; round < 200; round++) endpoint.round();
        expect(endpoint.idle).toBe(true);
        expect(wholePlan(endpoint)).toEqual({
          ...nothing,
          later: ['busy'],
          problems: [{ node: 'alone', code: 'name_forbidden' }],
        });
        trees.locals.delete('busy');
        trees.locals.delete('alone');
        expect(shapeOf(trees.locals)).toEqual(shapeOf(committer.nodes));
      }),
      parameters(0.05),
    );
  });
});
