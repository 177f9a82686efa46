import { z } from 'zod';
import { readHubFile } from '../local/hub/hub-file.ts';
import { askApi } from './api.ts';
import { backupOptions, backupWish, renderBackup, setBackup } from './group-backup.ts';
import { numberOption, parseOptions } from './options.ts';
import { UsageError, exit } from './usage.ts';

const own = { 'brake-percent': { type: 'string' }, 'brake-files': { type: 'string' }, ...backupOptions } as const;

/** `group set [NAME]`: what is a mass change in this group (0 percent is never), when it is backed up and what is kept. */
export async function groupSet(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, own, 1);
  const percent = numberOption(parsed, 'brake-percent', 0, 100);
  const files = numberOption(parsed, 'brake-files', 1, 1_000_000_000);
  const wish = backupWish(parsed);
  const hasBrake = percent !== undefined || files !== undefined;
  if (!hasBrake && wish === undefined)
    throw new UsageError('option_missing', 'nothing to set', 'Give --brake-percent, --schedule, --keep-daily ...');
  const name = parsed.positionals[0] ?? readHubFile(parsed.data)?.group ?? 'default';
  const body = { ...(percent === undefined ? {} : { percent }), ...(files === undefined ? {} : { files }) };
  const brake = hasBrake ? await setBrake(parsed.data, name, body) : undefined;
  const backup = wish === undefined ? undefined : await setBackup(parsed.data, name, wish);
  const answer = {
    group: name,
    ...(brake === undefined ? {} : { brake }),
    ...(backup === undefined ? {} : { backup }),
  };
  if (parsed.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    if (brake !== undefined)
      process.stdout.write(
        `group ${name}: a mass change is ${brake.percent} percent and ${brake.files} files of a site within an hour\n`,
      );
    if (backup !== undefined) process.stdout.write(renderBackup(name, backup));
  }
  return exit.done;
}

const brakeAnswer = z.object({ group: z.string(), brake: z.object({ percent: z.number(), files: z.number() }) });

async function setBrake(data: string, name: string, body: unknown): Promise<{ percent: number; files: number }> {
  return brakeAnswer.parse(await askApi(data, 'PUT', `groups/${encodeURIComponent(name)}/brake`, body)).brake;
}
