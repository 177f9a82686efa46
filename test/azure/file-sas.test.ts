import {
  FileSASPermissions,
  SASProtocol,
  StorageSharedKeyCredential,
  generateFileSASQueryParameters,
} from '@azure/storage-file-share';
import { describe, expect, test } from '@jest/globals';
import { fileSas } from '../../lib/azure/rest/file-sas.ts';

const key = Buffer.alloc(64, 5).toString('base64');

/** The official client is the witness: same fields, same signature. */
describe('service SAS of a file', () => {
  test.each([
    { path: '.tideway/staging/e1/0a1b2c-z', httpsOnly: true },
    { path: '.tideway/staging/e1/0a1b2c-z.b', httpsOnly: false },
    { path: 'umlaut ä/per%cent+plus&and', httpsOnly: false },
  ])('$path, https only: $httpsOnly', ({ path, httpsOnly }) => {
    const from = Date.UTC(2026, 10, 26, 1, 2, 3);
    const to = from + 7 * 24 * 3600 * 1000;
    const official = generateFileSASQueryParameters(
      {
        shareName: 'docs',
        filePath: path,
        permissions: FileSASPermissions.parse('rcw'),
        startsOn: new Date(from),
        expiresOn: new Date(to),
        protocol: httpsOnly ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
      },
      new StorageSharedKeyCredential('acct', key),
    ).toString();
    const ours = fileSas({ account: 'acct', key, share: 'docs', path, permissions: 'rcw', from, to, httpsOnly });
    const fields = (query: string): Record<string, string> => Object.fromEntries(new URLSearchParams(query));
    expect(fields(ours)).toEqual(fields(official));
  });
});
