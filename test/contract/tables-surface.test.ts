// Nothing of the installed client is forgotten: each of its calls and options has its line in docs/emulators.md, and each
// line its test.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import * as tables from '@azure/data-tables';
import { documented, membersOf, methodsOf, optionTypes, unproved } from './surface/documented.ts';

const package_ = dirname(createRequire(import.meta.filename).resolve('@azure/data-tables'));
const declared = (file: string): string => readFileSync(join(package_, `${file}.d.ts`), 'utf8');
const rows = documented('Tables');
const asked = new Set(rows.keys());

// Private in its declarations.
const own = ['listEntitiesAll', 'listEntitiesPage', 'listTablesAll', 'listTablesPage'];
const calls = [
  ...methodsOf('TableClient', tables.TableClient.prototype, own),
  ...methodsOf('TableClient', tables.TableClient),
  ...methodsOf('TableServiceClient', tables.TableServiceClient.prototype, own),
  ...methodsOf('TableServiceClient', tables.TableServiceClient),
  ...methodsOf('TableTransaction', tables.TableTransaction.prototype),
];
// What else the package exports: credentials and errors, a text helper, a list of constants.
const helpers = [
  'AzureNamedKeyCredential',
  'AzureSASCredential',
  'KnownGeoReplicationStatusType',
  'RestError',
  'odata',
];
const classes = ['TableClient', 'TableServiceClient', 'TableTransaction'];
const functions = Object.keys(tables).filter((name) => ![...helpers, ...classes].includes(name));

const declarations = ['TableClient', 'TableServiceClient', 'TableTransaction', 'models', 'sas/generateAccountSas']
  .concat('sas/tableSasSignatureValues', 'generated/models/index')
  .map(declared)
  .join('\n');
// The first has no members of its own; the second is the same as that of the service's client.
const common = ['OperationOptions', 'SetPropertiesOptions', 'TableClientOptions'];
const types = ['TableEntityQueryOptions', 'TableQueryOptions', 'TableSasSignatureValues', 'TableServiceProperties'];

test('every call of the installed client is in the table, and nothing else', () => {
  expect([...asked].filter((name) => !name.split('.')[0]?.match(/Options$|Values$|Properties$/)).toSorted()).toEqual(
    [...calls, ...functions].toSorted(),
  );
});

test('every option of the installed client is in the table, and nothing else', () => {
  const signatures = ['TableClient', 'TableServiceClient', 'TableTransaction', 'sas/generateAccountSas'].map(declared);
  const named = optionTypes(signatures.join('\n')).filter((type) => !common.includes(type));
  const members = membersOf(declarations, [...new Set([...named, ...types])]);
  expect([...asked].filter((name) => name.split('.')[0]?.match(/Options$|Values$|Properties$/)).toSorted()).toEqual(
    members.toSorted(),
  );
});

test('every line of the table cites tests that are there', () => {
  expect(unproved(rows, ['contract/tables', 'local/tables'])).toEqual([]);
});
