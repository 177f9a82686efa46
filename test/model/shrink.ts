// From a run that fails to a small one that fails for the same reason: fewer kinds of faults, then fewer steps.
import { simulate, type Options } from './simulate.ts';
import { optionsOf, type Scenario } from './scenario.ts';

/** What is left out shifts what befalls the rest: a few fates are tried before something counts as needed. */
const fates = 3;

/** `options` are those that the run failed with, for what is no part of a scenario. */
export async function shrink(seed: number, options: Options): Promise<Scenario> {
  const first = await simulate(seed, options);
  const reason = reasonOf(first.broken);
  let best: Scenario = { about: first.broken[0] ?? '', seed, weather: { ...first.weather }, steps: [...first.steps] };
  const tries = async (change: Partial<Scenario>): Promise<boolean> => {
    for (let fate = 0; fate < fates; fate++) {
      const next = { ...best, ...change, seed: best.seed + fate };
      const { broken, steps } = await simulate(next.seed, { ...options, ...optionsOf(next) });
      if (reasonOf(broken) !== reason) continue;
      // What could not be done any more is none.
      best = { ...next, steps: [...steps], about: broken[0] ?? '' };
      return true;
    }
    return false;
  };
  await withoutWeather(best.weather, tries);
  for (let size = best.steps.length >> 1; size > 0; size >>= 1)
    for (let at = 0; at < best.steps.length;) if (!(await tries({ steps: best.steps.toSpliced(at, size) }))) at += size;
  await withoutWeather(best.weather, tries);
  return { ...best, weather: Object.fromEntries(Object.entries(best.weather).filter(([, amount]) => amount > 0)) };
}

async function withoutWeather(
  weather: Scenario['weather'],
  tries: (change: Partial<Scenario>) => Promise<boolean>,
): Promise<void> {
  let left = weather;
  for (const fault of Object.keys(weather)) {
    if (left[fault] === 0) continue;
    const next = { ...left, [fault]: 0 };
    if (await tries({ weather: next })) left = next;
  }
}

/** The number of the invariant, or the first words of what has none. */
function reasonOf(broken: readonly string[]): string {
  const [first = ''] = broken;
  return /^I\d+/.exec(first)?.[0] ?? first.split(' ').slice(1, 3).join(' ');
}
