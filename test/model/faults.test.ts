// Who watches the watchman: code that breaks one rule, and the seed that catches it. Any change of the product shifts what a
// seed does, so when the first one no longer meets the fault, others may.
import { describe, expect, test } from '@jest/globals';
import { planted } from './planted.ts';
import { simulate, type Options } from './simulate.ts';

const atRest = 'does not come to rest';

/** The invariant that it breaks, a seed, and what is told of it first or beside other things, where that is not the invariant by its number. */
const caughtBy: Readonly<Record<string, readonly [invariant: string, seed: number, told?: string]>> = {
  'the row of a node is lost, its log row is not': ['I1', 4],
  'nobody plans some of what has changed': ['I1', 1],
  'a look at a directory sets the mode of what is in it': ['I2', 1],
  'the committer replaces what has the name': ['I3', 31],
  'what is overwritten is removed, not moved aside': ['I3', 1],
  'what is replaced here is not set aside': ['I3', 16],
  'nothing is flushed before the state says that it is here': ['I3', 2],
  'a copy gets another name than the intent says': ['I4', 1, atRest],
  'what was deleted elsewhere is forgotten before it is gone here': ['I5', 7],
  // It counts as deleted, and comes up again.
  'a listing that is cut counts as whole': ['I6', 136, 'I5'],
  'a move leaves its old row': ['I7', 1],
  'a file that is renamed is another one': ['I8', 6],
  'a log row is lost': ['I9', 1],
  // Its operations are committed again and again.
  "the endpoint's counter is not moved": ['I10', 1, atRest],
  'no intent is written': ['I11', 3, 'the head speaks of an intent'],
  'the ETag of the head is forgotten': ['I12', 4, 'I11 intent left'],
  'an effect of the log is lost': ['I13', 2],
  'the cursor is moved before the effects': ['I13', 2],
  'nobody reads the log unless he is told, and nobody is told': ['I14', 1, atRest],
  'what is open holds up all that comes after it': ['I15', 65],
  'nobody compares a download with its hash': ['I16', 1],
  // What was put together from two versions has its name.
  'a download is not bound to an ETag': ['I17', 2, 'I16'],
  'a read that ends early is sent as it is': ['I18', 8],
  'a staged file has its length, and nothing in it': ['I19', 1, 'I16'],
  'what others make may be made above the root': ['I25', 1],
  'whoever a message names has sent it': ['I26', 1],
};
const others = 100;

/** What makes a fault likely to be met. */
const days: Readonly<Record<string, Partial<Options>>> = {
  'the ETag of the head is forgotten': { weather: { lostLocks: 13 } },
  'what is open holds up all that comes after it': { weather: { share: 2 } },
  'what others make may be made above the root': { weather: { forgeries: 1 } },
  'whoever a message names has sent it': { weather: { forgeries: 1 } },
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
    const [invariant = '', first = 1, told = `${invariant} `] = caughtBy[name] ?? [];
    const seeds = [first, ...Array.from({ length: others }, (_, index) => index + 1)];
    for (const seed of seeds) {
      const { broken } = await simulate(seed, { plants, looks: 1, ...days[name] });
      if (broken.some((line) => line.includes(told))) return;
    }
    expect(`${name}: none of ${seeds.length} seeds`).toBe('caught');
  }, 300_000);
});

test('every planted fault has its seed, and every invariant of content, namespace and security a planted fault', () => {
  expect(Object.keys(caughtBy).toSorted()).toEqual([...planted.keys()].toSorted());
  const shown = new Set(Object.values(caughtBy).map(([invariant]) => invariant));
  // I20 to I24 are those of tiering.
  const numbers = [...Array.from({ length: 19 }, (_, index) => index + 1), 25, 26];
  expect(numbers.map((each) => `I${each}`).filter((each) => !shown.has(each))).toEqual([]);
});
