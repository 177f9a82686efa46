// What the compiled templates and snapshots are made of, as one hash: it tells, without a compiler, that they are old.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const here = import.meta.dirname;
export const compiled = path.join(here, 'compiled');
export const hashFile = path.join(compiled, 'sources.sha256');

/** Templates that are deployed, by name. */
export const templates = ['main', 'subscriptions', 'contract'] as const;

/** Parameter files whose resolved template is kept beside them, and how each is deployed. */
export const variants = [
  { name: 'smallest', scope: 'subscription' },
  { name: 'provisioned', scope: 'subscription' },
  { name: 'private', scope: 'subscription' },
  { name: 'two-groups', scope: 'subscription' },
  { name: 'subscriptions-public', scope: 'group' },
  { name: 'subscriptions-private', scope: 'group' },
] as const;

/** Paths of all sources, relative to this folder, in one order everywhere. */
export function sources(): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(bicep|bicepparam)$/.test(name) || /^[^/]+\.json$/.test(name))
    .toSorted();
}

/** SHA-256 over names and contents, hexadecimal. */
export function hashSources(read: (name: string) => string = readSource): string {
  const hash = createHash('sha256');
  for (const name of sources()) hash.update(`${name}\0${read(name)}\0`);
  return hash.digest('hex');
}

function readSource(name: string): string {
  return readFileSync(path.join(here, name), 'utf8');
}
