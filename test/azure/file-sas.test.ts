import {
  FileSASPermissions,
  SASProtocol,
  type SASQueryParameters,
  ShareSASPermissions,
  StorageSharedKeyCredential,
  generateFileSASQueryParameters,
} from '@azure/storage-file-share';
import { describe, expect, test } from '@jest/globals';
import { fileSas } from '../../lib/azure/sign/file-sas.ts';
import type { SigningKey } from '../../lib/azure/sign/signed.ts';

const key = Buffer.alloc(64, 5).toString('base64');
const from = Date.UTC(2026, 10, 26, 1, 2, 3);
const to = from + 7 * 24 * 3600 * 1000;
const times = { startsOn: new Date(from), expiresOn: new Date(to) };
const fields = (query: string): Record<string, string> => Object.fromEntries(new URLSearchParams(query));

const delegation = {
  oid: '33333333-3333-4333-8333-333333333333',
  tid: '44444444-4444-4444-8444-444444444444',
  start: '2026-11-26T00:47:03Z',
  expiry: '2026-12-03T00:47:03Z',
  service: 'f',
  version: '2026-10-06',
};
const official = {
  signedObjectId: delegation.oid,
  signedTenantId: delegation.tid,
  signedStartsOn: new Date(delegation.start),
  signedExpiresOn: new Date(delegation.expiry),
  signedService: delegation.service,
  signedVersion: delegation.version,
  value: key,
};

const paths = [
  { path: '.tideway/staging/e1/0a1b2c-z', httpsOnly: true },
  { path: '.tideway/staging/e1/0a1b2c-z.b', httpsOnly: false },
  { path: 'umlaut ä/per%cent+plus&and', httpsOnly: false },
];

/** The official client is the witness: same fields, same signature. */
const shared = new StorageSharedKeyCredential('acct', key);
const delegated = { key, expires: Date.parse(delegation.expiry), delegation };
const values = { shareName: 'docs', ...times };

describe.each<{ by: string; signing: SigningKey; readonly sign: (more: object) => SASQueryParameters }>([
  {
    by: 'the key of the account',
    signing: { key, expires: Infinity },
    sign: (more) => generateFileSASQueryParameters({ ...values, ...more }, shared),
  },
  {
    by: 'a delegated key',
    signing: delegated,
    sign: (more) => generateFileSASQueryParameters({ ...values, ...more }, official, 'acct'),
  },
])('SAS of Files by $by', ({ signing, sign }) => {
  test.each(paths)('of the file $path, https only: $httpsOnly', ({ path, httpsOnly }) => {
    const protocol = httpsOnly ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
    const theirs = sign({ filePath: path, permissions: FileSASPermissions.parse('rcw'), protocol });
    const ours = fileSas({
      account: 'acct',
      key: signing,
      share: 'docs',
      path,
      permissions: 'rcw',
      from,
      to,
      httpsOnly,
    });
    expect(fields(ours)).toEqual(fields(theirs.toString()));
  });

  test('of the whole share', () => {
    const theirs = sign({ permissions: ShareSASPermissions.parse('r'), protocol: SASProtocol.Https });
    const ours = fileSas({
      account: 'acct',
      key: signing,
      share: 'docs',
      permissions: 'r',
      from,
      to,
      httpsOnly: true,
    });
    expect(fields(ours)).toEqual(fields(theirs.toString()));
  });
});
