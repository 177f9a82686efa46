import { z } from 'zod';
import { readHubFile } from '../local/hub/hub-file.ts';
import { askApi } from './api.ts';
import { parseOptions } from './options.ts';
import { exit } from './usage.ts';

const answer = z.object({ group: z.string(), state: z.enum(['forgetting', 'taking-in']) });

/** `group rebuild [NAME]`: the share as it is now is the group's; what the sites have is merged with it as they resume. */
export async function groupRebuild(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, {}, 1);
  const name = parsed.positionals[0] ?? readHubFile(parsed.data)?.group ?? 'default';
  const ask = async (): Promise<z.infer<typeof answer>> =>
    answer.parse(await askApi(parsed.data, 'PUT', `groups/${encodeURIComponent(name)}?rebuild=1`, {}));
  let told = await ask();
  while (told.state === 'forgetting') told = await ask();
  process.stdout.write(
    parsed.json
      ? `${JSON.stringify(told)}\n`
      : `group ${name}: takes in what the share holds. At each site \`tideway endpoint resume\` merges what is there: ` +
          'nothing is deleted, and what differs is kept side by side\n',
  );
  return exit.done;
}
