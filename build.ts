// What is shipped: the functions app for Azure (`npm run build`) and the agent for a server (`npm run build:agent`).
import { cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const root = import.meta.dirname;
const out = path.join(root, 'dist');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  minify: true,
  sourcemap: true,
  // CommonJS packages inside an ESM bundle ask for `require`.
  banner: { js: "import {createRequire as _r} from 'node:module';const require=_r(import.meta.url);" },
  absWorkingDir: root,
  logLevel: 'info',
};

/** dist/functions/*.mjs, what `main` in package.json names; shared chunks lie outside that glob, else each would be loaded as a function. */
async function functions(): Promise<void> {
  rmSync(path.join(out, 'functions'), { recursive: true, force: true });
  rmSync(path.join(out, 'chunks'), { recursive: true, force: true });
  const entryPoints = ['commit', 'fan-out', 'share-changed', 'events', 'tick', 'api'].map(
    (name) => `functions/${name}.ts`,
  );
  await build({
    ...common,
    entryPoints,
    outdir: out,
    outbase: '.',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['@azure/functions-core'],
  });
}

/** dist/agent: one file and the addon; needs nothing but Node. */
async function agent(): Promise<void> {
  const dir = path.join(out, 'agent');
  rmSync(dir, { recursive: true, force: true });
  await build({ ...common, entryPoints: { agent: 'lib/agent/process/main.ts' }, outdir: dir });
  const addon = path.join(root, 'build/fs.node');
  if (existsSync(addon)) cpSync(addon, path.join(dir, 'fs.node'));
}

if (process.argv.includes('agent')) await agent();
else await functions();
