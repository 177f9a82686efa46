// Nothing of the installed client is forgotten: each of its calls and options has its line in docs/emulators.md, and each
// line its test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as files from '@azure/storage-file-share';
import { documented, membersOf, methodsOf, optionTypes, unproved } from './surface/documented.ts';

const package_ = dirname(createRequire(import.meta.filename).resolve('@azure/storage-file-share'));
const declared = (file: string): string => readFileSync(join(package_, `${file}.d.ts`), 'utf8');
const rows = documented('Azure Files');
const asked = [...rows.keys()];

const classes = ['ShareServiceClient', 'ShareClient', 'ShareDirectoryClient', 'ShareFileClient', 'ShareLeaseClient'];
const isCall = (name: string): boolean => classes.includes(name.split('.')[0] ?? '');
// Private in its declarations: pages that its iterators fetch.
const own = [
  ['listSegments', 'listItems', 'listSharesSegment', 'listFilesAndDirectoriesItems', 'listFilesAndDirectoriesSegment'],
  ['iterateFilesAndDirectoriesSegments', 'iterateHandleSegments', 'listHandleItems', 'listHandlesSegment'],
  ['forceCloseHandlesSegment', 'listRangeItems', 'iterateRangeSegments', 'listRangeSegment'],
  ['uploadSeekableBlob', 'uploadSeekableInternal'],
].flat();
const calls = [
  ...methodsOf('ShareServiceClient', files.ShareServiceClient.prototype, own),
  ...methodsOf('ShareServiceClient', files.ShareServiceClient),
  ...methodsOf('ShareClient', files.ShareClient.prototype, own),
  ...methodsOf('ShareDirectoryClient', files.ShareDirectoryClient.prototype, own),
  ...methodsOf('ShareFileClient', files.ShareFileClient.prototype, own),
  ...methodsOf('ShareLeaseClient', files.ShareLeaseClient.prototype, own),
];

const signatures = ['Clients', 'ShareServiceClient'].map(declared).join('\n');
const declarations = ['models', 'Clients', 'ShareServiceClient', 'generated-classic-models']
  .concat('AccountSASSignatureValues', 'FileSASSignatureValues')
  .map(declared)
  .join('\n');
// Types that others are made of, or that the signatures name differently.
const parts = ['FileAndDirectoryCreateCommonOptions', 'FileAndDirectorySetPropertiesCommonOptions', 'FileProperties']
  .concat('DirectoryProperties', 'CopyFileSmbInfo', 'FileHttpHeaders', 'LeaseAccessConditions')
  .concat('AccountSASSignatureValues', 'FileSASSignatureValues');
const ofTheClient = new Set(['abortSignal', 'timeoutInSeconds', 'onProgress', 'maxRetryRequests']);

test('every call of the installed client is in the table, and nothing else', () => {
  expect(calls.length).toBeGreaterThan(100);
  // `name` of a class is its own; that of the clients is a getter, which is left out with it.
  expect(asked.filter(isCall).toSorted()).toEqual([...new Set(calls)].toSorted());
});

test('every option of the installed client is in the table, and nothing else', () => {
  const types = optionTypes(signatures).filter((type) => type !== 'ShareClientOptions');
  const known = parts.filter((type) => declarations.includes(`interface ${type} `));
  const members = membersOf(declarations, [...new Set([...types, ...known])]);
  const expected = members.filter((member) => !ofTheClient.has(member.split('.')[1] ?? ''));
  expect(asked.filter((name) => !isCall(name)).toSorted()).toEqual(expected.toSorted());
});

test('every line of the table cites tests that are there', () => {
  expect(unproved(rows, ['contract', 'local/files'])).toEqual([]);
});
