// `npm run bench:scale`: one group with a million files. The map: options -> tree -> run (samples and marks, one JSON line
// each) -> tables.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { messageOf } from '../../lib/base/errors.ts';
import { machineOf } from '../machine.ts';
import { withFigures } from '../report/into.ts';
import { parseScaleOptions, usage } from './options.ts';
import { asTables } from './report.ts';
import { runScale } from './run.ts';
import type { Line } from './sample.ts';

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

async function main(): Promise<number> {
  const options = parseScaleOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const dir = path.resolve(options.dir ?? mkdtempSync(path.join(tmpdir(), 'tideway-scale-')));
  mkdirSync(dir, { recursive: true });
  const file = options.from ?? path.join(dir, 'samples.jsonl');
  try {
    if (options.from === undefined) {
      rmSync(file, { force: true });
      say(`in ${dir}`);
      await runScale(options, dir, file, say);
    }
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
    const { processors, memoryGiB, kernel, fileSystem, node } = await machineOf(dir);
    const machine = `${processors}, ${memoryGiB} GiB, ${kernel}, ${fileSystem}, Node ${node}`;
    const text = `- ${new Date().toISOString().slice(0, 10)}, ${machine}.\n\n${asTables(lines)}\n`;
    if (options.into !== undefined)
      writeFileSync(options.into, withFigures(readFileSync(options.into, 'utf8'), text, 'scale'));
    console.log(text);
    return 0;
  } finally {
    if (options.keep) say(`left in ${dir}`);
    else if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
