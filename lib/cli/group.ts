import { z } from 'zod';
import { provision } from '../azure/connect.ts';
import { readConnections } from '../azure/settings.ts';
import { parseEnv, readEnv } from '../local/hub/env-file.ts';
import { askApi } from './api.ts';
import { groupSet } from './group-set.ts';
import { groupRebuild } from './group-rebuild.ts';
import { parseOptions } from './options.ts';
import { UsageError, exit } from './usage.ts';

/** `group create NAME [--share EXISTING]`, `group set`, `group rebuild`. */
export async function group(args: readonly string[]): Promise<number> {
  if (args[0] === 'set') return groupSet(args.slice(1));
  if (args[0] === 'rebuild') return groupRebuild(args.slice(1));
  const parsed = parseOptions(args, { share: { type: 'string' } }, 2);
  const [what, name = parsed.text('share')] = parsed.positionals;
  if (what !== 'create' || name === undefined)
    throw new UsageError(
      'command_unknown',
      `tideway group ${what ?? ''}`,
      'Use: tideway group create NAME [--share EXISTING], group set [NAME], or group rebuild [NAME].',
    );
  const share = parsed.text('share') ?? name;
  // A share of its own is made here; one that was named has to be there.
  if (parsed.text('share') === undefined) await provision(readConnections(parseEnv(readEnv(parsed.data))), share);
  const path = `groups/${encodeURIComponent(name)}?share=${encodeURIComponent(share)}`;
  const answer = z.object({ group: z.string(), share: z.string() }).parse(await askApi(parsed.data, 'PUT', path, {}));
  process.stdout.write(
    parsed.json ? `${JSON.stringify(answer)}\n` : `group ${answer.group} on share ${answer.share}\n`,
  );
  return exit.done;
}
