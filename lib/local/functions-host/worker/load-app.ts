import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionMetadata } from '../rpc.ts';
import { SystemError } from './errors.ts';
import { app, appHookData, appLevelHookData, functions, hooks } from './registry.ts';

/**
 * Loads the app's modules and runs its start hooks; returns what they registered. `entries` are files relative to `dir`;
 * without any, the glob in the `main` of the package.json of `dir` tells, as in Azure.
 */
export async function loadApp(dir: string, entries: readonly string[]): Promise<FunctionMetadata[]> {
  supplyCoreModule();
  for (const file of entries.length > 0 ? entries : mainFiles(dir))
    await import(pathToFileURL(resolve(dir, file)).href);
  for (const hook of hooks.appStart) await hook({ hookData: appLevelHookData, appHookData, functionAppDirectory: dir });
  await app.model?.getCapabilities?.({});
  app.started = true;
  return [...functions.values()].map(({ metadata }) => metadata);
}

/** One name resolves to our own module, for `import` and `require` alike; it exists nowhere on disk. */
function supplyCoreModule(): void {
  const url = new URL('core-api.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@azure/functions-core' ? { url, shortCircuit: true } : next(specifier, context),
  });
}

function mainFiles(dir: string): string[] {
  const file = join(dir, 'package.json');
  const { main } = JSON.parse(readFileSync(file, 'utf8')) as { main?: unknown };
  if (typeof main !== 'string' || main === '') throw new SystemError(`${file} names no "main" to load`);
  const files = globSync(main, { cwd: dir, exclude: (name) => name === 'node_modules' }).sort();
  if (files.length === 0) throw new SystemError(`Found zero files matching the supplied pattern "${main}" in ${dir}`);
  return files;
}
