import { readHubFile } from '../local/hub/hub-file.ts';
import { groupPath } from './group-path.ts';
import type { Parsed } from './options.ts';
import { UsageError } from './usage.ts';

export interface PastPath {
  readonly group: string;
  /** From the group's root. */
  readonly path: string;
}

/** The one path that a command is about, and the group it is in. Errors: `path_missing` (usage). */
export function pastPath(parsed: Parsed, command: string): PastPath {
  const hub = readHubFile(parsed.data);
  const [given] = parsed.positionals;
  if (given === undefined)
    throw new UsageError('path_missing', `tideway ${command} needs a path`, `Use: tideway ${command} PATH.`);
  return { group: parsed.text('group') ?? hub?.group ?? 'default', path: groupPath(given, hub?.sites ?? []) };
}

export function timeText(at: number | null): string {
  return at === null ? 'long ago' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
