import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { run } from '../support/run.ts';

/** `tar x` at `into` of all that is in `from`, with the times and modes of then; the archive stays in `store`. */
export async function extract(from: string, into: string, store: string): Promise<void> {
  const archive = path.join(store, `${path.basename(into)}.tar`);
  await run(from, 'tar', '--create', `--file=${archive}`, '.');
  mkdirSync(into);
  await run(into, 'tar', '--extract', '--preserve-permissions', `--file=${archive}`);
}
