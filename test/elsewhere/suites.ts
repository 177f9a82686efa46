// Runs files of test/contract, of them what is registered for the settings alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './started-process.ts';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly status: string }[];
  }[];
}

/** Throws where a case fails, and where one of the settings has no case. */
export async function runSuites(files: readonly string[], settings: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tideway-elsewhere-'));
  const report = join(folder, 'report.json');
  const pattern = `test/contract/(${files.join('|')})\\.test\\.ts$`;
  // Connections to the service are kept open by the clients; what is asked of the embedded services is left out here.
  const ways = ['--forceExit', '-t', 'of TIDEWAY_TEST_', '--json', '--outputFile', report];
  const { TIDEWAY_NO_SKIPS: _, ...environment } = process.env;
  const jest = spawn(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), pattern, ...ways], {
    cwd: root,
    env: { ...environment, ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(jest, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`a contract is broken (${code})`);
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  await rm(folder, { recursive: true });
  const passed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed')
    .map(({ ancestorTitles }) => ancestorTitles[0] ?? '');
  for (const setting of Object.keys(settings)) {
    const count = passed.filter((title) => title.endsWith(` of ${setting}`)).length;
    if (count === 0) throw new Error(`nothing was asked through ${setting}`);
    process.stdout.write(`${setting}: ${count} cases\n`);
  }
}
