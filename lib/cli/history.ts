import { historyAnswer, type HistoryAnswer, type PastChange } from '../protocol/past.ts';
import { askApi } from './api.ts';
import { numberOption, parseOptions } from './options.ts';
import { pastPath, timeText } from './past-path.ts';
import { exit } from './usage.ts';

/** `history PATH`: who changed it, at which site, when. */
export async function history(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, { group: { type: 'string' }, limit: { type: 'string' } }, 1);
  const limit = numberOption(parsed, 'limit', 1, 10_000) ?? 100;
  const { group, path } = pastPath(parsed, 'history');
  const query = new URLSearchParams({ path, limit: String(limit) });
  const answer = historyAnswer.parse(
    await askApi(parsed.data, 'GET', `groups/${encodeURIComponent(group)}/history?${query.toString()}`),
  );
  process.stdout.write(parsed.json ? `${JSON.stringify(withTimes(answer))}\n` : render(answer));
  return exit.done;
}

function withTimes(answer: HistoryAnswer): object {
  return { ...answer, changes: answer.changes.map((each) => ({ ...each, at: new Date(each.at).toISOString() })) };
}

function render({ path, deleted, changes, more }: HistoryAnswer): string {
  const lines = changes.map(
    (each) => `${String(each.seq).padStart(8)}  ${timeText(each.at)}  ${each.site.padEnd(12)} ${whatHappened(each)}`,
  );
  if (more) lines.unshift('  (older changes: --limit, or no longer in the log)');
  return `${path}${deleted ? ' (deleted)' : ''}\n${lines.join('\n')}\n`;
}

function whatHappened({ op, outcome, code, path, from, size }: PastChange): string {
  const place = from === undefined || path === undefined ? (path ?? from ?? '') : `${from} -> ${path}`;
  const bytes = size === undefined ? '' : `, ${size} bytes`;
  const ended = outcome === 'applied' ? '' : ` [${outcome}${code === undefined ? '' : `: ${code}`}]`;
  return `${op.padEnd(10)} ${place}${bytes}${ended}`;
}
