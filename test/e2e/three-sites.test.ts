import { afterEach, beforeEach, describe, test } from '@jest/globals';
import { Workspace } from './support/workspace.ts';
import { threeSites } from './scenes/three-sites.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
let space: Workspace;

beforeEach(() => {
  space = new Workspace('a', 'b', 'c');
});

afterEach(() => space.dispose(), 30_000);

describe(`three sites at once (TIDEWAY_SEED=${seed})`, () => {
  test('random work at each: all hold the same, and nothing saved is lost or invented', async () => {
    await threeSites(space, { seed, ms: 12_000, seconds: 180 }, say);
  }, 300_000);
});
