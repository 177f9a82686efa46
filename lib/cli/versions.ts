import { versionsAnswer, type VersionsAnswer } from '../protocol/past.ts';
import { askApi } from './api.ts';
import { parseOptions } from './options.ts';
import { pastPath, timeText } from './past-path.ts';
import { exit } from './usage.ts';

/** `versions PATH`: the contents that a file has and had. */
export async function versions(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, { group: { type: 'string' } }, 1);
  const { group, path } = pastPath(parsed, 'versions');
  const query = new URLSearchParams({ path });
  const answer = versionsAnswer.parse(
    await askApi(parsed.data, 'GET', `groups/${encodeURIComponent(group)}/versions?${query.toString()}`),
  );
  process.stdout.write(parsed.json ? `${JSON.stringify(withTimes(answer))}\n` : render(answer));
  return exit.done;
}

function withTimes(answer: VersionsAnswer): object {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return { ...answer, versions: answer.versions.map((each) => ({ ...each, at: iso(each.at) })) };
}

function render({ path, deleted, versions: all }: VersionsAnswer): string {
  const lines = all.map(({ version, at, site, size, state, trash }) => {
    const where = trash === undefined ? state : `${state} on the share as ${trash}`;
    return `${String(version ?? '?').padStart(8)}  ${timeText(at).padEnd(19)}  ${(site ?? '?').padEnd(12)} ${size} bytes, ${where}`;
  });
  return `${path}${deleted ? ' (deleted)' : ''}\n${lines.join('\n')}\n`;
}
