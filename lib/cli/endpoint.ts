import { z } from 'zod';
import { readHubFile } from '../local/hub/hub-file.ts';
import { askHub } from './client.ts';
import { parseOptions } from './options.ts';
import { siteOf } from './site-of.ts';
import { UsageError, exit } from './usage.ts';

/** `endpoint resume|pause [SITE|PATH]`: all sites where none is named. */
export async function endpoint(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, { site: { type: 'string' } }, 2);
  const [what, given] = parsed.positionals;
  if (what !== 'resume' && what !== 'pause')
    throw new UsageError(
      'command_unknown',
      `tideway endpoint ${what ?? ''}`,
      'Use: tideway endpoint resume|pause [SITE|PATH].',
    );
  const named = parsed.text('site') ?? given;
  const site = named === undefined ? undefined : siteOf(named, readHubFile(parsed.data)?.sites ?? []);
  const query = site === undefined ? '' : `?site=${encodeURIComponent(site)}`;
  const answer = z
    .object({ sites: z.array(z.string()) })
    .parse(await askHub(parsed.data, 'POST', `/hub/${what}${query}`, 60_000));
  process.stdout.write(parsed.json ? `${JSON.stringify(answer)}\n` : `${what}d: ${answer.sites.join(', ')}\n`);
  return exit.done;
}
