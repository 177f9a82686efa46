import { parseEnv, readEnv } from '../local/hub/env-file.ts';
import { parseOptions } from './options.ts';
import { exit } from './usage.ts';

/** Dotenv lines for the official clients. */
export function env(args: readonly string[]): number {
  const parsed = parseOptions(args, {}, 0);
  const text = readEnv(parsed.data);
  process.stdout.write(parsed.json ? `${JSON.stringify(parseEnv(text))}\n` : text);
  return exit.done;
}
