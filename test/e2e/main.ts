// The long forms of the end-to-end tests: whole trees, hours, many seeds. Each tells its figures, and ends the run when it fails.
import { Workspace } from './support/workspace.ts';
import { realTrees } from './work/real-trees.ts';

const whole: Readonly<Record<string, (say: (line: string) => void) => Promise<void>>> = {
  /** A checkout of this project with all that npm installed for it. */
  'real-trees': async (say) => {
    await using space = disposable(new Workspace('a', 'b'));
    await realTrees(space, { entries: Infinity, transactions: 2000, rounds: 50, seconds: 1800 }, say);
  },
};

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
