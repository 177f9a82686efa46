// Random histories. A failing seed is replayed with TIDEWAY_SEED=<seed>; TIDEWAY_RUNS=<n> makes more of them.
import { describe, expect, test } from '@jest/globals';
import { history, type Kind } from '../support/history.ts';

const kinds: Readonly<Record<string, Kind>> = {
  'stale bases and conflicts': { steps: 12, foreign: 0, blows: 0 },
  'struck committers': { steps: 12, foreign: 0, blows: 60 },
  'people on the share': { steps: 12, foreign: 40, blows: 0 },
  'all at once': { steps: 14, foreign: 25, blows: 40 },
};

const runs = Number(process.env['TIDEWAY_RUNS'] ?? 60);
const only = process.env['TIDEWAY_SEED'];

describe('random histories', () => {
  test.each(Object.entries(kinds))(
    '%s',
    async (_name, kind) => {
      const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];
      const broken: Record<string, readonly string[]> = {};
      for (const seed of seeds) {
        const found = await history(seed, kind).catch((error: unknown) => [String(error)]);
        if (found.length > 0) broken[`TIDEWAY_SEED=${seed}`] = found;
      }
      expect(broken).toEqual({});
    },
    600_000,
  );
});
