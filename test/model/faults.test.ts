// Who watches the watchman: code that breaks one rule, and the seed that catches it. Any change of the product shifts what a
// seed does, so when the first one no longer meets the fault, others may.
import { describe, expect, test } from '@jest/globals';
import { planted } from './planted.ts';
import { simulate, type Options } from './simulate.ts';

/** The invariant that it breaks, and a seed. */
const caughtBy: Readonly<Record<string, readonly [invariant: string, seed: number]>> = {
  'the row of a node is lost, its log row is not': ['I1', 1],
  'nobody plans some of what has changed': ['I1', 1],
  'a look at a directory sets the mode of what is in it': ['I2', 1],
  'the committer replaces what has the name': ['I3', 6],
  'what is overwritten is removed, not moved aside': ['I3', 1],
  'what is replaced here is not set aside': ['I3', 97],
  'nothing is flushed before the state says that it is here': ['I3', 4],
  'a copy gets another name than the intent says': ['I4', 1],
  'what was deleted elsewhere is forgotten before it is gone here': ['I5', 4],
  'a listing that is cut counts as whole': ['I6', 1],
  'a move leaves its old row': ['I7', 2],
  'a file that is renamed is another one': ['I8', 6],
  'a log row is lost': ['I9', 1],
  "the endpoint's counter is not moved": ['I10', 1],
  'no intent is written': ['I11', 1],
  'the ETag of the head is forgotten': ['I12', 4],
  'an effect of the log is lost': ['I13', 2],
  'the cursor is moved before the effects': ['I13', 5],
  'nobody reads the log unless he is told, and nobody is told': ['I14', 1],
  'nobody compares a download with its hash': ['I16', 1],
  'a download is not bound to an ETag': ['I17', 5],
  'a read that ends early is sent as it is': ['I18', 8],
  'a staged file has its length, and nothing in it': ['I19', 1],
};
const others = 100;

/** What makes a fault likely to be met. */
const days: Readonly<Record<string, Partial<Options>>> = {
  'the ETag of the head is forgotten': { weather: { lostLocks: 13 } },
  // A program has it open while somebody deletes it elsewhere, and lives on to write to it.
  'what is replaced here is not set aside': {
    weather: {
      programs: 4,
      share: 2,
      lostHints: 0,
      offline: 0,
      lostCalls: 0,
      lateCalls: 0,
      lostPower: 0,
      crashes: 0,
      killedAgents: 0,
    },
  },
};

describe.each([...planted])('%s', (name, plants) => {
  test('is caught', async () => {
    const [, first = 1] = caughtBy[name] ?? [];
    const seeds = [first, ...Array.from({ length: others }, (_, index) => index + 1)];
    for (const seed of seeds) {
      const { broken } = await simulate(seed, { plants, looks: 1, ...days[name] });
      if (broken.length > 0) return;
    }
    expect(`${name}: none of ${seeds.length} seeds`).toBe('caught');
  }, 300_000);
});

test('every planted fault has its seed, and every invariant of content and namespace a planted fault', () => {
  expect(Object.keys(caughtBy).toSorted()).toEqual([...planted.keys()].toSorted());
  const invariants = Array.from({ length: 19 }, (_, index) => `I${index + 1}`);
  const shown = new Set(Object.values(caughtBy).map(([invariant]) => invariant));
  // A path that is held up holds up others: the simulator has no clock for one path alone. test/cloud/parked shows it (C50).
  expect(invariants.filter((each) => !shown.has(each))).toEqual(['I15']);
});
