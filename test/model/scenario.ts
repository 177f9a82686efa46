// A run written down: its seed for what befalls calls, the weather, and every step. What once failed is kept so in
// test/scenarios, as small as it would go, and must hold from then on.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Options } from './simulate.ts';
import { step } from './step.ts';
import { faults, type Weather } from './weather.ts';

const scenario = z.strictObject({
  /** What went wrong, and why. */
  about: z.string(),
  seed: z.number(),
  /** Kinds of faults that are not named do not occur. */
  weather: z.record(z.string(), z.number()),
  steps: z.array(step),
});
export type Scenario = z.infer<typeof scenario>;

export function readScenario(file: string): Scenario {
  return scenario.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function optionsOf({ weather, steps }: Pick<Scenario, 'weather' | 'steps'>): Options {
  return { weather: { ...clear, ...weather }, steps };
}

/** Of no kind any. */
const clear: Weather = Object.fromEntries(faults.map((fault) => [fault, 0])) as Weather;
