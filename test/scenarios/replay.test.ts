// Days on which something was lost or stood still once. Each has to come to rest with everything as it must be.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { optionsOf, readScenario } from '../model/scenario.ts';
import { simulate } from '../model/simulate.ts';

const dir = import.meta.dirname;
const files = readdirSync(dir).filter((name) => name.endsWith('.json'));

test.each(files)('%s', async (file) => {
  const { seed, ...rest } = readScenario(join(dir, file));
  const { broken, steps } = await simulate(seed, optionsOf(rest));
  expect(broken).toEqual([]);
  // A step that cannot be done any more is none: what the file tells of would not happen.
  expect(steps).toEqual(rest.steps);
});
