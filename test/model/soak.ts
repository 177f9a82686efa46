// Any number of seeds: `node test/model/soak.ts 1..10000`, or `SEED=7` for one with its trace. Each runs twice.
import { simulate } from './simulate.ts';

const tail = 60;

export async function soak(range: string, write: (line: string) => void): Promise<number> {
  const [from = 1, to = from] = range.split('..').map(Number);
  let failed = 0;
  for (let seed = from; seed <= to; seed++) {
    const first = await simulate(seed);
    const second = await simulate(seed);
    const at = first.lines.findIndex((line, index) => line !== second.lines[index]);
    const broken =
      first.hash === second.hash
        ? first.broken
        : [`not the same twice, line ${at}: ${first.lines[at]} / ${second.lines[at]}`];
    if (broken.length === 0) continue;
    failed++;
    write(`seed ${seed}: ${broken.join('\n  ')}`);
    if (from === to) for (const line of first.lines.slice(-tail)) write(`  ${line}`);
  }
  write(`${to - from + 1} seeds, ${failed} failed`);
  return failed;
}
