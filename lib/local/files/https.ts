import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { lifetime, makeCertificate, type Certificate } from './certificate.ts';

interface Kept extends Certificate {
  /** ms */
  readonly made: number;
}

const names = ['localhost', '127.0.0.1'];

/** The certificate of the service on `dir`: made once, and anew when half of its time is over. Readable by its owner only. */
export function certificateOf(dir: string, random: Random, clock: Clock): Certificate {
  const file = join(dir, 'https.json');
  const kept = read(file);
  const now = clock.now();
  if (kept !== undefined && now - kept.made < lifetime / 2) return kept;
  const fresh: Kept = { ...makeCertificate(random, now, names), made: now };
  writeFileSync(`${file}.new`, JSON.stringify(fresh), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return fresh;
}

/** Undefined also where a crash left half a file: a new one costs those who trusted it a new look, and nothing else. */
function read(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
