// Seeds, one after the other: what was broken, or that two runs of one were not the same.
import { simulate } from './simulate.ts';

const tail = 40;

/** Undefined when all is well; else what to read, the end of the trace included. */
export async function trySeed(seed: number, twice: boolean): Promise<string | undefined> {
  const first = await simulate(seed);
  if (twice) {
    const second = await simulate(seed);
    if (first.hash !== second.hash) {
      const at = first.lines.findIndex((line, index) => line !== second.lines[index]);
      return `seed ${seed} is not the same twice:\n  ${first.lines[at]}\n  ${second.lines[at]}`;
    }
  }
  if (first.broken.length === 0) return undefined;
  return [`seed ${seed}: SEED=${seed} repeats it`, ...first.broken, ...first.lines.slice(-tail)].join('\n  ');
}

/** The seeds that `SEED=7` or `SEEDS=1..10000` name, or those given. */
export function seedsOf(
  env: Readonly<Record<string, string | undefined>>,
  [from, to]: readonly [number, number],
): readonly [number, number] {
  const text = env['SEEDS'] ?? env['SEED'];
  if (text === undefined) return [from, to];
  const [first = from, last = first] = text.split('..').map(Number);
  return [first, last];
}
