// Directories as lines: what the addon packs (native/survey.hh), and the same from single calls.
import { must } from '../../base/errors.ts';
import { statReader } from './binding.ts';
import { fromErrno, systemError } from './errors.ts';
import { linesOf } from './lines.ts';
import type { SiteFs, Surveyed } from './port.ts';

export function readSurvey(
  [lines, counts, slots]: readonly [ArrayBuffer, ArrayBuffer, ArrayBuffer],
  dirs: readonly string[],
): readonly Surveyed[] {
  const numbers = new Float64Array(counts);
  const stats = statReader(slots);
  let at = 0;
  return dirs.map((dir, index) => {
    const count = must(numbers[2 * index], 'two for each');
    if (count < 0) return { error: fromErrno(count, 'scandir', dir) };
    const length = must(numbers[2 * index + 1], 'two for each');
    at += length;
    return { stat: stats.at(index), count, lines: Buffer.from(lines, at - length, length) };
  });
}

/** For who has no call that does it. */
export function surveyOf(fs: Pick<SiteFs, 'list' | 'stat'>, dirs: readonly string[]): Promise<readonly Surveyed[]> {
  return Promise.all(dirs.map((dir) => surveyOne(fs, dir)));
}

async function surveyOne(fs: Pick<SiteFs, 'list' | 'stat'>, dir: string): Promise<Surveyed> {
  try {
    const entries = await fs.list(dir);
    // The path may have come to lead elsewhere: then these are another directory's entries, and this tells.
    const stat = await fs.stat(dir);
    if (stat === null) return { error: systemError('ENOENT', 'scandir', dir) };
    return { stat, count: entries.length, lines: linesOf(entries) };
  } catch (error) {
    return { error };
  }
}
