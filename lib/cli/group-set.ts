import { z } from 'zod';
import { readHubFile } from '../local/hub/hub-file.ts';
import { askApi } from './api.ts';
import { numberOption, parseOptions } from './options.ts';
import { UsageError, exit, help } from './usage.ts';

const own = { 'brake-percent': { type: 'string' }, 'brake-files': { type: 'string' } } as const;

/** `group set [NAME] --brake-percent N --brake-files N`: what is a mass change in this group; 0 percent is never. */
export async function groupSet(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, own, 1);
  if (parsed.help) {
    process.stdout.write(help);
    return exit.done;
  }
  const percent = numberOption(parsed, 'brake-percent', 0, 100);
  const files = numberOption(parsed, 'brake-files', 1, 1_000_000_000);
  if (percent === undefined && files === undefined)
    throw new UsageError('option_missing', 'nothing to set', 'Give --brake-percent or --brake-files.');
  const name = parsed.positionals[0] ?? readHubFile(parsed.data)?.group ?? 'default';
  const body = { ...(percent === undefined ? {} : { percent }), ...(files === undefined ? {} : { files }) };
  const answer = z
    .object({ group: z.string(), brake: z.object({ percent: z.number(), files: z.number() }) })
    .parse(await askApi(parsed.data, 'PUT', `groups/${encodeURIComponent(name)}/brake`, body));
  const { brake } = answer;
  process.stdout.write(
    parsed.json
      ? `${JSON.stringify(answer)}\n`
      : `group ${answer.group}: a mass change is ${brake.percent} percent and ${brake.files} files of a site within an hour\n`,
  );
  return exit.done;
}
