// The same promises asked of another Table service: the one that TIDEWAY_TEST_TABLES names by its connection string, a
// real account or a running Azurite (`UseDevelopmentStorage=true` for the latter on its usual port).
import { storageAccount } from '../storage-account.ts';
import type { Endpoint } from './suite.ts';

const setting = 'TIDEWAY_TEST_TABLES';

interface Elsewhere {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly deviates: readonly string[];
  /** Promises that are not even asked. */
  readonly without: readonly string[];
}

const azuriteName = 'devstoreaccount1';
const azuriteKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const development = `AccountName=${azuriteName};AccountKey=${azuriteKey};TableEndpoint=http://127.0.0.1:10002/${azuriteName}`;

/** What Azurite 3.37 does otherwise; the documentation is on our side each time. */
const azuriteDeviates = [
  // It takes "and X" and "X eq eq 'a'" for filters.
  'that make no sense are refused',
  // It checks the signature of spk, srk, epk and erk, then serves every entity.
  'limits a table signature to its range of keys',
  // It takes a signature from any address.
  'limits a signature to its addresses and its protocol',
  // It finds the policy, then asks the signature itself for the permissions.
  'takes stored access policies',
  // It counts neither properties nor the characters of their names, nor does it look at the names.
  '252 properties an entity',
  '255 characters a property name',
  // It counts UTF-8 where the service counts UTF-16, and not at all after a merge.
  '1 MiB an entity',
  // It takes some control characters and half surrogate pairs.
  'keys of 1 KiB without forbidden characters',
  // It looks at neither the days of retention nor the number of rules.
  'refuses properties that make no sense',
  // As Azure, it tells its statistics at the secondary address only, which the embedded service does not have.
  'tells how far its copy is',
];

/** What a real account cannot keep within a test's time: a deleted name is free, and a new policy known, only after a while. */
const accountWithout = [
  'come back empty after deletion and creation',
  'takes stored access policies',
  'tells how far its copy is',
];

/** Undefined where no other service is named. */
export function elsewhere(): Elsewhere | undefined {
  const account = storageAccount(setting, 'Table', { 'UseDevelopmentStorage=true': development });
  if (account === undefined) return undefined;
  const { name, key, url } = account;
  const endpoint = { url, account: { name, key }, stop: () => Promise.resolve() };
  const isAzurite = name === azuriteName;
  return {
    name: `${isAzurite ? 'Azurite' : 'the account'} of ${setting}`,
    endpoint,
    deviates: isAzurite ? azuriteDeviates : [],
    without: isAzurite ? [] : accountWithout,
  };
}
