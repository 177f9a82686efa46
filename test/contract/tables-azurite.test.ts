// Azurite as the second witness of the contract. Started in-process: its command line would send telemetry.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableContract } from './tables/contract.ts';
import type { Endpoint } from './tables/suite.ts';

interface AzuriteServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}
type AzuriteModule = { readonly default: new (...parameters: readonly unknown[]) => AzuriteServer };

const load = createRequire(import.meta.filename);
const name = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** What Azurite 3.37 does otherwise; the documentation is on our side each time. */
const deviations = [
  // It takes "and X" and "X eq eq 'a'" for filters.
  'that make no sense are refused',
  // It checks the signature of spk, srk, epk and erk, then serves every entity.
  'limits a table signature to its range of keys',
  // It finds the policy, then asks the signature itself for the permissions.
  'takes stored access policies',
  // It counts neither properties nor the characters of their names, nor does it look at the names.
  '252 properties an entity',
  '255 characters a property name',
  // It counts UTF-8 where the service counts UTF-16, and not at all after a merge.
  '1 MiB an entity',
  // It takes some control characters and half surrogate pairs.
  'keys of 1 KiB without forbidden characters',
];

async function start(): Promise<Endpoint> {
  const directory = mkdtempSync(join(tmpdir(), 'azurite-'));
  const { default: TableServer } = load('azurite/dist/src/table/TableServer') as AzuriteModule;
  const { default: TableConfiguration } = load('azurite/dist/src/table/TableConfiguration') as AzuriteModule;
  (load('azurite/dist/src/common/Logger') as { configLogger(enable: boolean): void }).configLogger(false);
  const file = join(directory, 'tables.json');
  const quiet = [false, false, undefined, undefined];
  const configuration = new TableConfiguration(
    '127.0.0.1',
    0,
    5,
    file,
    ...quiet,
    false,
    true,
    '',
    '',
    '',
    undefined,
    false,
    true,
  );
  const server = new TableServer(configuration);
  await server.start();
  const stop = async (): Promise<void> => {
    await server.close();
    rmSync(directory, { recursive: true });
  };
  return { url: `${server.getHttpServerAddress()}/${name}`, account: { name, key }, stop };
}

tableContract('Azurite', start, deviations);
