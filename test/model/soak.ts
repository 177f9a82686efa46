// Seeds, each run twice: what was broken, or that the two runs were not the same.
import { simulate, type Options } from './simulate.ts';

const tail = 40;

/** Undefined when all is well; else what to read, the end of the trace included. */
export async function tryTwice(seed: number, options: Options = {}): Promise<string | undefined> {
  const first = await simulate(seed, options);
  const second = await simulate(seed, options);
  if (first.hash !== second.hash) {
    const at = first.lines.findIndex((line, index) => line !== second.lines[index]);
    return `seed ${seed} is not the same twice:\n  ${first.lines[at]}\n  ${second.lines[at]}`;
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
