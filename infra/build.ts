// Takes over the settings of the code, compiles the templates and resolves them for every variant (`npm run build:infra`); with --check, tells whether what is
// kept in the repository is what the compiler makes of the sources, and that it has nothing to say about them.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCompiler, type Compiler } from './compiler.ts';
import { tuningOf, withTuning } from './tuning.ts';
import { compiled, hashFile, hashSources, here, sources, templates, variants } from './sources.ts';

const check = process.argv.includes('--check');
// Ids and region that resolved templates name; of nobody.
const place = [
  '--tenant-id=00000000-0000-0000-0000-000000000001',
  '--subscription-id=00000000-0000-0000-0000-000000000002',
  '--location=westeurope',
  '--deployment-name=tideway',
];

await tune();
const compiler = await getCompiler();
await format(compiler);
await compile(compiler);
await resolve(compiler);
if (check) console.log(`bicep: ${templates.length} templates without a finding, ${variants.length} snapshots hold`);
else await writeFile(hashFile, `${hashSources()}\n`);

async function tune(): Promise<void> {
  const tuning = await tuningOf();
  const sample = path.join(here, '../local.settings.sample.json');
  await put(path.join(here, 'tuning.json'), `${JSON.stringify(tuning, undefined, 2)}\n`);
  await put(sample, withTuning(await readFile(sample, 'utf8'), tuning));
}

/** Writes the file, or with --check tells that it would be another. */
async function put(file: string, text: string): Promise<void> {
  if (!check) await writeFile(file, text);
  else if ((await readFile(file, 'utf8')) !== text)
    throw new Error(`${file} is not what the code says: npm run build:infra`);
}

async function format({ run }: Compiler): Promise<void> {
  for (const name of sources().filter((each) => each.endsWith('.bicep'))) {
    const source = path.join(here, name);
    if (!check) await run('format', source);
    else if ((await run('format', source, '--stdout')) !== (await readFile(source, 'utf8')))
      throw new Error(`${source} is not formatted: npm run build:infra`);
  }
}

/** A finding of the compiler or of its linter is an error here (bicepconfig.json, compiler.ts). */
async function compile({ run }: Compiler): Promise<void> {
  await mkdir(compiled, { recursive: true });
  const out = check ? await mkdtemp(path.join(tmpdir(), 'tideway-bicep-')) : compiled;
  await Promise.all(
    templates.map(async (name) => {
      const made = path.join(out, `${name}.json`);
      await run('build', path.join(here, `${name}.bicep`), '--outfile', made);
      if (!check) return;
      const [now, kept] = await Promise.all([made, path.join(compiled, `${name}.json`)].map((file) => readFile(file)));
      if (now?.equals(kept ?? Buffer.alloc(0)) !== true)
        throw new Error(`compiled/${name}.json is not what its sources compile to: npm run build:infra`);
    }),
  );
  if (check) await rm(out, { recursive: true });
}

async function resolve({ run }: Compiler): Promise<void> {
  const mode = check ? 'validate' : 'overwrite';
  const queue = [...variants];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const group = next.scope === 'group' ? ['--resource-group=rg-tideway-x'] : [];
      const file = path.join(here, 'variants', `${next.name}.bicepparam`);
      await run('snapshot', file, `--mode=${mode}`, ...place, ...group);
    }
  };
  await Promise.all([worker(), worker()]);
}
