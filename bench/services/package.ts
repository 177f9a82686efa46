// `node bench/services/package.ts`: how large the folder is that goes to Azure, and how long a worker takes to load it; each of
// Flex's scaling groups pays for that at every cold start.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const rounds = 10;
const root = path.join(import.meta.dirname, '../..');
const dir = mkdtempSync(path.join(tmpdir(), 'tideway-package-'));
const app = path.join(dir, 'app');

try {
  execFileSync(process.execPath, ['build.ts', 'functions', app], { cwd: root, stdio: 'ignore' });
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).map((name) => path.join(app, name));
  const sizes = files.map((name) => statSync(name)).filter((each) => each.isFile());
  const bytes = sizes.reduce((sum, each) => sum + each.size, 0);
  console.log(`${sizes.length} files, ${(bytes / 2 ** 20).toFixed(2)} MiB`);
  const entries = files.filter((name) => /functions\/[^/]+\.mjs$/.test(name));
  const empty = times([]);
  const loaded = times(entries);
  console.log(
    `loaded in ${(loaded - empty).toFixed(0)} ms more than an empty process (${empty.toFixed(0)} ms), median of ${rounds}`,
  );
} finally {
  rmSync(dir, { recursive: true });
}

/** Ms of a process that loads the modules, as a worker does, and ends. */
function times(entries: readonly string[]): number {
  const core = path.join(dir, 'core.cjs');
  const calls = ['setProgrammingModel', 'registerFunction', 'registerHook', 'log'].map((name) => `${name}() {}`);
  writeFileSync(core, `module.exports = { version: '4', ${calls.join(', ')} };`);
  const url = pathToFileURL(core).href;
  const script = path.join(dir, `load-${entries.length}.mjs`);
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => name === '@azure/functions-core' ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(name, context) });`;
  writeFileSync(
    script,
    `${hook}\nfor (const name of ${JSON.stringify(entries)}) await import(name);\nprocess.exit();\n`,
  );
  const took = Array.from({ length: rounds }, () => {
    const from = performance.now();
    execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - from;
  });
  return took.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}
