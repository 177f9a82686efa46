// Azurite as the second witness of what a Table service does. It is installed apart from the project, under build/.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './started-process.ts';
import { runSuites } from './suites.ts';

interface AzuriteServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}
type AzuriteModule = { readonly default: new (...parameters: readonly unknown[]) => AzuriteServer };

const folder = join(root, 'build/azurite');
const account = 'devstoreaccount1';
// Everybody's: the well-known key of the storage emulators.
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export async function askAzurite(): Promise<void> {
  // npm writes this last: without it an installation was cut off.
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) await install();
  const data = await mkdtemp(join(tmpdir(), 'tideway-azurite-'));
  const azurite = serverIn(data);
  await azurite.start();
  try {
    const url = `${azurite.getHttpServerAddress()}/${account}`;
    await runSuites(['tables'], {
      TIDEWAY_TEST_TABLES: `AccountName=${account};AccountKey=${key};TableEndpoint=${url}`,
    });
  } finally {
    await azurite.close();
    await rm(data, { recursive: true });
  }
}

async function install(): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(import.meta.dirname, 'azurite', file), join(folder, file));
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

/** By its classes: its command line does not tell a port that it chose, and sends telemetry unless told otherwise. */
function serverIn(data: string): AzuriteServer {
  const load = createRequire(join(folder, 'package.json'));
  const { default: Server } = load('azurite/dist/src/table/TableServer') as AzuriteModule;
  const { default: Configuration } = load('azurite/dist/src/table/TableConfiguration') as AzuriteModule;
  (load('azurite/dist/src/common/Logger') as { configLogger(isOn: boolean): void }).configLogger(false);
  // Host, port, seconds of keep-alive, file; no logs; strict, any API version; no certificate, no OAuth; in memory.
  const place = ['127.0.0.1', 0, 5, join(data, 'tables.json')];
  const logs = [false, false, undefined, undefined];
  return new Server(new Configuration(...place, ...logs, false, true, '', '', '', undefined, false, true));
}
