// Builds the addon from the sources beside this file, by one compiler call.
import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../lib/base/errors.ts';

export type Built = { readonly outcome: 'built' | 'current' } | { readonly outcome: 'failed'; readonly reason: string };

const here = import.meta.dirname;

/** Builds `output` unless it is newer than every source. `compiler` is a command; a failure is told, not thrown. */
export async function buildAddon(output: string, compiler: string): Promise<Built> {
  if (await isCurrent(output)) return { outcome: 'current' };
  // Written beside and renamed: a process that starts meanwhile loads the old addon or the new one, never a part.
  const part = `${output}.${process.pid}`;
  try {
    await mkdir(dirname(output), { recursive: true });
    await promisify(execFile)(compiler, [...flags(), '-o', part, join(here, 'fs.cc')]);
    await rename(part, output);
    return { outcome: 'built' };
  } catch (error) {
    await rm(part, { force: true });
    return { outcome: 'failed', reason: reasonOf(error, compiler) };
  }
}

function flags(): string[] {
  const headers = join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
  return [
    '-std=c++20',
    '-O2',
    '-Wall',
    '-Wextra',
    '-shared',
    '-fPIC',
    '-pthread',
    '-fvisibility=hidden',
    '-DNAPI_VERSION=8',
    `-I${headers}`,
  ];
}

async function isCurrent(output: string): Promise<boolean> {
  const built = await stat(output).catch(() => undefined);
  if (built === undefined) return false;
  const sources = (await readdir(here)).filter((name) => /\.(cc|hh)$/.test(name));
  const times = await Promise.all(sources.map(async (name) => (await stat(join(here, name))).mtimeMs));
  return built.mtimeMs > Math.max(...times);
}

function reasonOf(error: unknown, compiler: string): string {
  if (codeOf(error) === 'ENOENT') return `no compiler (${compiler})`;
  const output = error instanceof Object && 'stderr' in error ? String(error.stderr) : '';
  return output.split('\n').find((line) => line.includes('error')) ?? messageOf(error);
}
