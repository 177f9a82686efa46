// `SEEDS=1..10000 node test/model/main.ts`: any number of seeds, every tenth twice; `SEED=7` shows the end of one trace. With
// `KEEP=1` what fails is made as small as it goes and written to test/scenarios. Exit 1 when one fails.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shrink } from './shrink.ts';
import { seedsOf, trySeed } from './soak.ts';

const [from, to] = seedsOf(process.env, [1, 1000]);
const failed: number[] = [];
for (let seed = from; seed <= to; seed++) {
  const wrong = await trySeed(seed, from === to || seed % 10 === 0);
  if (wrong === undefined) continue;
  failed.push(seed);
  process.stdout.write(`${from === to ? wrong : wrong.split('\n').slice(0, 3).join('\n')}\n`);
  if (process.env['KEEP'] === undefined) continue;
  const file = join(import.meta.dirname, '..', 'scenarios', `seed-${seed}.json`);
  writeFileSync(file, `${JSON.stringify(await shrink(seed, {}), undefined, 2)}\n`);
  process.stdout.write(`kept in ${file}\n`);
}
process.stdout.write(`${to - from + 1} seeds, failed: ${failed.length === 0 ? 'none' : failed.join(' ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
