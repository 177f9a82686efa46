import { afterEach, beforeEach, describe, test } from '@jest/globals';
import { explained } from './scenes/explained.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
let space: Workspace;

beforeEach(() => {
  space = new Workspace('a', 'b', 'c');
});

afterEach(() => space.dispose(), 30_000);

describe(`names that all use at once (TIDEWAY_SEED=${seed})`, () => {
  test('what people see at three sites can be explained', async () => {
    await explained(space, { seed, names: 6, rounds: 3, ms: Infinity, acts: 7, pauseMs: 30, seconds: 120 }, say);
  }, 300_000);
});
