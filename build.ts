// What is shipped: the functions app for Azure (`npm run build:functions`) and the agent for a server (`npm run build:agent`).
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const root = import.meta.dirname;
const out = path.join(root, 'dist');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  minify: true,
  sourcemap: true,
  // CommonJS packages inside an ESM bundle ask for `require`. The name is longer than any that the minifier makes up: it does not
  // know what the banner declares.
  banner: {
    js: "import {createRequire as makeRequire} from 'node:module';const require=makeRequire(import.meta.url);",
  },
  absWorkingDir: root,
  logLevel: 'info',
};

/**
 * The folder that is deployed, whole, as the Functions host expects one. Shared chunks lie outside the glob of its
 * `main`, else each would be loaded as a function.
 */
async function functions(dir: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  const { metafile } = await build({
    ...common,
    target: 'node22', // the older of the two that infra/main.bicep allows
    sourcemap: false,
    legalComments: 'linked',
    entryPoints: entries(),
    outdir: dir,
    outbase: '.',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['@azure/functions-core'],
    metafile: true,
  });
  const foreign = Object.keys(metafile.inputs).filter((name) => /^(lib\/(agent|local|cli)|test|bench)\//.test(name));
  if (foreign.length > 0) throw new Error(`not for Azure: ${foreign.join(', ')}`);
  cpSync(path.join(root, 'host.json'), path.join(dir, 'host.json'));
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const app = { name, version, license, private: true, type: 'module', main: 'functions/**/*.mjs' };
  writeFileSync(path.join(dir, 'package.json'), `${JSON.stringify(app, undefined, 2)}\n`);
  // Nothing is built remotely: this would name node_modules if it were.
  writeFileSync(path.join(dir, '.funcignore'), 'local.settings.json\n');
}

/** Each registers what triggers it. */
function entries(): string[] {
  return globSync('functions/*.ts', { cwd: root }).toSorted();
}

/** dist/agent: one file and the addon; needs nothing but Node. */
async function agent(): Promise<void> {
  const dir = path.join(out, 'agent');
  rmSync(dir, { recursive: true, force: true });
  await build({ ...common, entryPoints: { agent: 'lib/agent/process/main.ts' }, outdir: dir });
  const addon = path.join(root, 'build/fs.node');
  if (existsSync(addon)) cpSync(addon, path.join(dir, 'fs.node'));
}

const [what, dir = path.join(out, 'app')] = process.argv.slice(2);
if (what === 'agent') await agent();
else await functions(dir);
