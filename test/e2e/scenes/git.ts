// Version control at a site: many small files that are made, renamed over and deleted in one breath.
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from '../support/run.ts';

/** Commits, switches branches, rebases and packs; leaves the work tree clean. */
export async function workWithGit(dir: string): Promise<void> {
  const git = (...args: readonly string[]): Promise<string> => run(dir, 'git', '-c', 'gc.auto=0', ...args);
  const change = async (file: string, message: string): Promise<void> => {
    appendFileSync(path.join(dir, file), `// ${message}\n`);
    await git('commit', '--quiet', '--all', '--message', message);
  };
  await git('switch', '--quiet', '--create', 'side');
  for (const [index, file] of ['lib/core/plan.ts', 'lib/core/fold.ts', 'README.md'].entries())
    await change(file, `On the side, ${index}`);
  await git('mv', 'functions', 'renamed functions');
  rmSync(path.join(dir, 'docs'), { recursive: true });
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'A directory renamed, another one deleted');
  await git('switch', '--quiet', 'main');
  await change('package.json', 'On main');
  await git('switch', '--quiet', 'side');
  await git('rebase', '--quiet', 'main');
  await git('gc', '--quiet', '--prune=now');
}

/** What git itself says of a copy: whole, and the work tree as it was committed. */
export async function gitComplaints(dir: string): Promise<string> {
  const fsck = await run(dir, 'git', 'fsck', '--full', '--strict', '--no-progress');
  // Without its lock git looks and writes nothing: the test watches, it does not work here.
  return fsck + (await run(dir, 'git', '--no-optional-locks', 'status', '--porcelain'));
}
