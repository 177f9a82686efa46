// `SEEDS=1..10000 node test/model/main.ts`: any number of seeds; `SEED=7` shows the end of one trace. Exit 1 when one fails.
import { seedsOf, tryTwice } from './soak.ts';

const [from, to] = seedsOf(process.env, [1, 1000]);
const failed: number[] = [];
for (let seed = from; seed <= to; seed++) {
  const wrong = await tryTwice(seed);
  if (wrong === undefined) continue;
  failed.push(seed);
  process.stdout.write(`${from === to ? wrong : wrong.split('\n').slice(0, 3).join('\n')}\n`);
}
process.stdout.write(`${to - from + 1} seeds, failed: ${failed.length === 0 ? 'none' : failed.join(' ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
