import { afterEach, test } from '@jest/globals';
import { Workspace } from './support/workspace.ts';
import { realTrees } from './scenes/real-trees.ts';

let space: Workspace;

afterEach(() => space.dispose(), 30_000);

test('a project with its packages, git, npm, a database, editors and tar: equal at both sites after each', async () => {
  space = new Workspace('a', 'b');
  await realTrees(space, { entries: 1000, transactions: 40, rounds: 3, seconds: 180 }, (line) =>
    process.stdout.write(`${line}\n`),
  );
}, 600_000);
