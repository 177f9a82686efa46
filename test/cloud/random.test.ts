// Random histories. A failing seed is replayed with TIDEWAY_SEED=<seed>; TIDEWAY_RUNS=<n> makes more of them.
import { describe, expect, test } from '@jest/globals';
import { history, type Kind } from '../support/history.ts';
import { seen } from '../support/scenario.ts';

const kinds: Readonly<Record<string, Kind>> = {
  'stale bases and conflicts': { steps: 12, foreign: 0, blows: 0 },
  'struck committers': { steps: 12, foreign: 0, blows: 60 },
  'people on the share': { steps: 12, foreign: 40, blows: 0 },
  'all at once': { steps: 14, foreign: 25, blows: 40 },
};

const runs = Number(process.env['TIDEWAY_RUNS'] ?? 60);
const only = process.env['TIDEWAY_SEED'];
const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];

describe('random histories', () => {
  test.each(Object.entries(kinds))(
    '%s',
    async (_name, kind) => {
      const broken: Record<string, readonly string[]> = {};
      for (const seed of seeds) {
        const found = await history(seed, kind).catch((error: unknown) => [String(error)]);
        if (found.length > 0) broken[`TIDEWAY_SEED=${seed}`] = found;
      }
      expect(broken).toEqual({});
    },
    600_000,
  );

  test('a chunk has the outcome of its operations one by one', async () => {
    for (const seed of seeds) {
      const outcomes: unknown[] = [];
      const kind = { steps: 12, foreign: 0, blows: 0 };
      await history(seed, kind, (world) => outcomes.push(seen(world)));
      await history(seed, { ...kind, oneByOne: true }, (world) => outcomes.push(seen(world)));
      expect({ seed, outcome: outcomes[0] }).toEqual({ seed, outcome: outcomes[1] });
    }
  });
});
