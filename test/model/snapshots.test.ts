// Snapshots in the storm: agents, committers that are killed, stand still and go on, requests that come late; each snapshot is
// what the namespace was at its number. Nobody works on the share itself on these days: what is there is the committer's.
import { expect, test } from '@jest/globals';
import type { Share } from '../../lib/cloud/ports.ts';
import { nothingPlanted } from './plants.ts';
import { simulate } from './simulate.ts';

const seeds = Number(process.env['SNAPSHOT_SEEDS'] ?? 8);

test(
  `${seeds} seeds with snapshots at random times`,
  async () => {
    let taken = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const { broken, counters } = await simulate(seed, { snapshots: true, weather: { share: 0 } });
      expect({ seed, broken }).toEqual({ seed, broken: [] });
      taken += counters['snapshots'] ?? 0;
    }
    expect(taken).toBeGreaterThan(seeds * 5);
  },
  seeds * 15_000,
);

test('a committer that takes an older snapshot for its own is found out', async () => {
  let older: string | undefined;
  const share = (real: Share): Share => ({
    ...real,
    takeSnapshot: async (metadata) => (older ??= await real.takeSnapshot(metadata)),
  });
  const { broken } = await simulate(2, {
    snapshots: true,
    weather: { share: 0 },
    plants: { ...nothingPlanted, share },
  });
  expect(broken.join()).toMatch(/snapshot .* at \d+ (has|lacks)/);
});
