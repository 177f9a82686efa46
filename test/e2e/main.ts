// The long forms of the end-to-end tests: whole trees, hours, many seeds. Each tells its figures, and ends the run when it fails.
import { Workspace } from './support/workspace.ts';
import { seedsOf } from '../model/soak.ts';
import { explained } from './scenes/explained.ts';
import { largeFile } from './scenes/large-file.ts';
import { realTrees } from './scenes/real-trees.ts';
import { threeSites, type Shift } from './scenes/three-sites.ts';

const whole: Readonly<Record<string, (say: (line: string) => void) => Promise<void>>> = {
  /** A checkout of this project with all that npm installed for it. */
  'real-trees': async (say) => {
    await using space = disposable(new Workspace('a', 'b'));
    await realTrees(space, { entries: Infinity, transactions: 2000, rounds: 50, seconds: 1800 }, say);
  },
  /** 5 GiB, most of it holes: DENSE=MiB of it are none, thrice as much room is needed. */
  'large-file': async (say) => {
    await using space = disposable(new Workspace('a', 'b'));
    const dense = Number(process.env['DENSE'] ?? 256) * 1024 * 1024;
    await largeFile(
      space,
      { bytes: 5 * 2 ** 30 + 777, dense, seed: seedsOf(process.env, [1, 1])[0], seconds: 1800 },
      say,
    );
  },
  /** A minute of three people's work, for each seed. */
  'three-sites': (say) => shifts({ ms: 60_000, seconds: 300 }, say),
  /** The same with all kinds of trouble. */
  'bad-days': (say) => shifts({ ms: 60_000, seconds: 300, trouble: { stillMs: 20_000, quietMs: 3_000 } }, say),
  /** Ten minutes of names that all use at once, with the same trouble: whether the documentation explains all that was seen. */
  explained: async (say) => {
    const trouble = { stillMs: 3_000, quietMs: 1_500 };
    const long = {
      names: 6,
      rounds: Infinity,
      ms: 600_000,
      acts: 24,
      pauseMs: 200,
      seconds: 300,
      share: true,
      trouble,
    };
    await eachSeed([1, 1], (space, seed) =>
      explained(space, { ...long, seed }, (line) => say(`seed ${seed}: ${line}`)),
    );
  },
};

async function eachSeed(
  usual: readonly [number, number],
  play: (space: Workspace, seed: number) => Promise<void>,
): Promise<void> {
  const [from, to] = seedsOf(process.env, usual);
  for (let seed = from; seed <= to; seed++) {
    await using space = disposable(new Workspace('a', 'b', 'c'));
    await play(space, seed);
  }
}

async function shifts(shift: Omit<Shift, 'seed'>, say: (line: string) => void): Promise<void> {
  await eachSeed([1, 5], (space, seed) =>
    threeSites(space, { ...shift, seed, strict: true }, (line) => say(`seed ${seed}: ${line}`)),
  );
}

/** Those named, or all. */
export async function soak(names: readonly string[]): Promise<void> {
  for (const name of names.length === 0 ? Object.keys(whole) : names) {
    const run = whole[name];
    if (run === undefined) throw new Error(`no ${name}: there are ${Object.keys(whole).join(', ')}`);
    await run((line) => process.stdout.write(`${name}: ${line}\n`));
  }
}

/** The trees stay where they are when `TIDEWAY_KEEP` is set. */
function disposable(space: Workspace): Workspace & AsyncDisposable {
  return Object.assign(space, { [Symbol.asyncDispose]: () => space.dispose() });
}
