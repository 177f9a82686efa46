import { expect, test } from '@jest/globals';
import { plan } from '../../lib/core/plan.ts';
import { allIds, lines, tinyTrees, type TinyTrees } from './tiny-trees.ts';

/** What is shown, the trees, and the plan of all their nodes (or of `dirty` alone). */
export interface PlanCase extends TinyTrees {
  readonly it: string;
  readonly dirty?: readonly string[];
  readonly plan: readonly string[];
}

export function checkPlans(cases: readonly PlanCase[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const trees = tinyTrees(one);
    expect(lines(plan(trees, one.dirty ?? allIds(trees)))).toEqual(one.plan);
  });
}
