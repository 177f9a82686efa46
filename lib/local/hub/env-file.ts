import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TidewayError } from '../../base/errors.ts';
import { writeWhole } from './write-whole.ts';

/** DIR/hub.env: dotenv lines for the official clients, written at every start. */
export function writeEnv(data: string, settings: Readonly<Record<string, string>>): void {
  writeWhole(path.join(data, 'hub.env'), dotenv(settings));
}

export function dotenv(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');
}

export function readEnv(data: string): string {
  const file = path.join(data, 'hub.env');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new TidewayError('hub_unknown', `no hub has run with ${data} yet`, {
    path: data,
    hint: 'Start one with `tideway up --data DIR`, or name the right directory with --data.',
  });
}

/** The settings by name. */
export function parseEnv(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)="(.*)"$/.exec(line);
    if (match !== null) out[match[1] ?? ''] = match[2] ?? '';
  }
  return out;
}
