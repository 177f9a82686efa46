// `npm ci` at a site, without a network: from archives that npm itself packs of what is installed here.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../support/run.ts';
import { projectRoot } from './project.ts';

export interface App {
  /** Installs anew what the application needs, as often as it is called. */
  install(): Promise<void>;
}

/** An application at `dir` that needs `packages`, which must need no others; their archives are kept in `store`. */
export async function makeApp(dir: string, store: string, packages: readonly string[]): Promise<App> {
  mkdirSync(dir);
  mkdirSync(store, { recursive: true });
  const cache = `--cache=${path.join(store, 'cache')}`;
  const dependencies: Record<string, string> = {};
  for (const name of packages) {
    const told = await run(store, 'npm', 'pack', cache, '--json', path.join(projectRoot, 'node_modules', name));
    const [packed] = JSON.parse(told) as readonly { readonly filename: string }[];
    dependencies[name] = `file:${path.join(store, packed?.filename ?? '')}`;
  }
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', dependencies }));
  await run(dir, 'npm', 'install', cache, '--package-lock-only');
  return {
    install: async () => {
      await run(dir, 'npm', 'ci', cache);
      const installed = readdirSync(path.join(dir, 'node_modules')).filter((name) => !name.startsWith('.'));
      if (installed.length !== packages.length) throw new Error(`installed ${installed.join(' ')}`);
    },
  };
}
