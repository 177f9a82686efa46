// Ages and periods of the backend, as settings: tuning.json is what the code does without them, so that whoever looks at the
// deployment sees each with its value.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultSettings, readSettings } from '../lib/cloud/settings.ts';
import { here } from './sources.ts';

const root = path.join(here, '..');

/** By name, in the order of the code. */
export async function tuningOf(): Promise<Record<string, string>> {
  const code = await readFile(path.join(root, 'lib/cloud/settings.ts'), 'utf8');
  const names = [...new Set(code.match(/\bTIDEWAY_[A-Z_]+_SECONDS\b/g))].filter((name) => fieldOf(name) !== undefined);
  const seconds = names.map((name) => [name, String(Number(fieldOf(name)) / 1000)] as const);
  return { TIDEWAY_TICK: '*/10 * * * * *', ...Object.fromEntries(seconds) };
}

/** The default of the one field that the setting changes, in ms; undefined where it changes none (an example in a comment). */
function fieldOf(name: string): number | undefined {
  const changed = Object.entries(readSettings({ [name]: '0.123' })).find(([, value]) => value === 123);
  return changed === undefined ? undefined : Number(defaultSettings[changed[0] as keyof typeof defaultSettings]);
}

/** local.settings.sample.json with these settings, and without others of their kind. */
export function withTuning(sample: string, tuning: Readonly<Record<string, string>>): string {
  const parsed = JSON.parse(sample) as { Values: Record<string, string> };
  const others = Object.entries(parsed.Values).filter(
    ([name]) => name !== 'TIDEWAY_TICK' && !name.endsWith('_SECONDS'),
  );
  return `${JSON.stringify({ ...parsed, Values: { ...Object.fromEntries(others), ...tuning } }, undefined, 2)}\n`;
}
