// A checkout of this project, as a developer has it: sources under version control, and what npm installed beside them.
import { cpSync, globSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from '../support/run.ts';

export const projectRoot = path.join(import.meta.dirname, '../../..');
const sources = ['lib', 'functions', 'test', 'docs', 'native', 'package.json', 'README.md', '.gitignore'];

/**
 * Makes it at `dir` with some `entries` of `node_modules` at least, or all of them. Its history is a new one, because
 * where this test runs there may be none.
 */
export async function makeProject(dir: string, entries: number): Promise<void> {
  mkdirSync(dir);
  const copy = (name: string): void =>
    cpSync(path.join(projectRoot, name), path.join(dir, name), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
  for (const name of sources) copy(name);
  await run(dir, 'git', 'init', '--quiet', '--initial-branch', 'main');
  await run(dir, 'git', 'add', '--all');
  await run(dir, 'git', 'commit', '--quiet', '--message', 'All of it');
  let count = 0;
  for (const name of packages()) {
    if (count >= entries) break;
    copy(`node_modules/${name}`);
    count += globSync(`${name}/**`, { cwd: path.join(dir, 'node_modules') }).length;
  }
}

/** `.bin` with its links first, then the packages, those of a scope one by one. */
function packages(): readonly string[] {
  const list = (dir: string): readonly string[] => readdirSync(path.join(projectRoot, 'node_modules', dir)).toSorted();
  return list('.').flatMap((name) => (name.startsWith('@') ? list(name).map((inner) => `${name}/${inner}`) : [name]));
}
