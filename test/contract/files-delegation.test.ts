import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  AnonymousCredential,
  FileSASPermissions,
  SASProtocol,
  ShareClient,
  ShareFileClient,
  ShareSASPermissions,
  ShareServiceClient,
  generateFileSASQueryParameters,
} from '@azure/storage-file-share';
import { issueToken, type Role } from '../../lib/local/token.ts';
import { rawRequest } from '../local/files/raw.ts';
import { account, contentOf, credential, refused, world, type World } from '../local/files/world.ts';

// Keys to sign for a user are asked for with a token, and the official client sends tokens over https only.

const hour = 3_600_000;
const oid = '33333333-3333-4333-8333-333333333333';
const tid = '44444444-4444-4444-8444-444444444444';

let w: World;
beforeAll(async () => {
  w = await world({ httpsPort: 0 });
  await w.share.rootDirectoryClient.getFileClient('secret').create(6, { content: 'secret', contentLength: 6 });
});
afterAll(() => w.stop());

function secureUrl(): string {
  return w.service.secure?.url ?? '';
}

/** Trusts this service only, and tries once. */
function trusting(): object {
  return { tlsOptions: { ca: w.service.secure?.certificate }, retryOptions: { maxTries: 1 } };
}

function as(roles: readonly Role[], options: object = { fileRequestIntent: 'backup' }): ShareServiceClient {
  const expiresOnTimestamp = Date.now() + hour;
  const token = issueToken(account, { oid, tid, roles }, Date.now(), expiresOnTimestamp);
  const tokens = { getToken: () => Promise.resolve({ token, expiresOnTimestamp }) };
  return new ShareServiceClient(secureUrl(), tokens, { ...trusting(), ...options });
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}

async function delegationKey() {
  return as(['delegate']).getUserDelegationKey(inMs(-hour), inMs(hour));
}

/** A client for a file with a SAS that a user's key has signed. */
async function signed(permissions: string, more: object = {}, path = 'secret'): Promise<ShareFileClient> {
  const values = {
    shareName: 'team',
    filePath: path,
    permissions: FileSASPermissions.parse(permissions),
    expiresOn: inMs(hour),
    ...more,
  };
  const sas = generateFileSASQueryParameters(values, await delegationKey(), account.name);
  return new ShareFileClient(`${secureUrl()}/team/secret?${sas.toString()}`, new AnonymousCredential(), trusting());
}

describe('https', () => {
  test('serves the same shares to who trusts the certificate, and to nobody else', async () => {
    const secure = new ShareServiceClient(secureUrl(), credential, trusting());
    expect((await contentOf(secure.getShareClient('team'), 'secret')).toString()).toBe('secret');
    const wary = new ShareServiceClient(secureUrl(), credential, { retryOptions: { maxTries: 1 } });
    expect(await refused(wary.getProperties())).toMatch(/CERT|SIGNED/);
    expect(statSync(join(w.dir, 'https.json')).mode & 0o777).toBe(0o600);
  });

  test('keeps its certificate over a restart, and is not there unless asked for', async () => {
    const first = await world({ httpsPort: 0 });
    const certificate = first.service.secure?.certificate;
    await first.service.stop();
    const second = await world({ dir: first.dir, httpsPort: 0 });
    expect(second.service.secure?.certificate).toBe(certificate);
    await second.stop();
    const plain = await world();
    expect(plain.service.secure).toBeUndefined();
    expect(existsSync(join(plain.dir, 'https.json'))).toBe(false);
    await plain.stop();
  });

  test('lets a SAS in that is for https only', async () => {
    const values = { shareName: 'team', permissions: ShareSASPermissions.parse('r'), expiresOn: inMs(hour) };
    const sas = generateFileSASQueryParameters({ ...values, protocol: SASProtocol.Https }, credential).toString();
    const share = new ShareClient(`${secureUrl()}/team?${sas}`, new AnonymousCredential(), trusting());
    expect((await contentOf(share, 'secret')).toString()).toBe('secret');
    const open = new ShareFileClient(`${w.service.url}/team/secret?${sas}`);
    expect(await refused(open.download())).toBe('AuthorizationProtocolMismatch');
  });
});

describe('a token', () => {
  test('does what its roles are, and says that it is meant so', async () => {
    const file = (client: ShareServiceClient) =>
      client.getShareClient('team').rootDirectoryClient.getFileClient('by-token');
    await file(as(['write'])).create(3);
    expect(await refused(file(as(['read'])).getProperties())).toBe('none');
    expect(await refused(file(as(['read'])).create(3))).toBe('AuthorizationPermissionMismatch');
    expect(await refused(file(as(['manage', 'delegate'])).getProperties())).toBe('AuthorizationPermissionMismatch');
    expect(await refused(file(as(['write'], {})).getProperties())).toBe('MissingRequiredHeader');
    await file(as(['write'])).rename('by-token-2');
    expect(await refused(as(['write']).getShareClient('team').setMetadata({}))).toBe('AuthorizationPermissionMismatch');
    expect(await refused(as(['manage']).getShareClient('team').setMetadata({ a: '1' }))).toBe('none');
  });

  test('is worth nothing when it is forged, over, for something else, or can be read on the way', async () => {
    const now = Date.now();
    const identity = { oid, tid, roles: ['write' as const] };
    const good = issueToken(account, identity, now, now + hour);
    const [head = '', body = '', signature = ''] = good.split('.');
    const other = Buffer.from(JSON.stringify({ ...identity, aud: 'x', nbf: 0, exp: 9e9 })).toString('base64url');
    const stranger = issueToken({ ...account, key: Buffer.alloc(64, 1).toString('base64') }, identity, now, now + hour);
    const get = async (token: string): Promise<string> => {
      const tokens = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: now + hour }) };
      const options = { ...trusting(), fileRequestIntent: 'backup' as const };
      return refused(
        new ShareServiceClient(secureUrl(), tokens, options)
          .getShareClient('team')
          .getDirectoryClient('x')
          .getProperties(),
      );
    };
    expect(await get(good)).toBe('ResourceNotFound');
    expect(await get(issueToken(account, identity, now - 2 * hour, now - hour))).toBe('AuthenticationFailed');
    expect(await get(issueToken(account, identity, now + hour, now + 2 * hour))).toBe('AuthenticationFailed');
    for (const token of [stranger, `${head}.${other}.${signature}`, `${head}.${body}.`, 'nonsense'])
      expect(await get(token)).toBe('AuthenticationFailed');
    const headers = { authorization: `Bearer ${good}`, 'x-ms-file-request-intent': 'backup' };
    const raw = await rawRequest(w.service.port, 'GET', '/tideway/team/secret', headers);
    expect(raw).toEqual({ status: 403, code: 'AuthenticationFailed' });
  });
});

describe('a key to sign for a user', () => {
  test('tells whose it is, and is for at most seven days', async () => {
    const key = await delegationKey();
    expect(key).toMatchObject({ signedObjectId: oid, signedTenantId: tid, signedService: 'f' });
    expect(Buffer.from(key.value, 'base64').length).toBe(32);
    expect(await refused(as(['delegate']).getUserDelegationKey(inMs(0), inMs(8 * 24 * hour)))).toBe(
      'InvalidXmlNodeValue',
    );
    expect(await refused(as(['delegate']).getUserDelegationKey(inMs(0), inMs(-hour)))).toBe('InvalidXmlNodeValue');
    expect(await refused(as(['write']).getUserDelegationKey(inMs(0), inMs(hour)))).toBe(
      'AuthorizationPermissionMismatch',
    );
    const byKey = new ShareServiceClient(secureUrl(), credential, trusting());
    expect(await refused(byKey.getUserDelegationKey(inMs(0), inMs(hour)))).toBe('AuthenticationFailed');
  });

  test('signs for a file or a share what that may be used for', async () => {
    expect((await (await signed('r')).downloadToBuffer()).toString()).toBe('secret');
    expect(await refused((await signed('r')).uploadRange('x', 0, 1))).toBe('AuthorizationPermissionMismatch');
    expect(await refused((await signed('r', {}, 'other')).download())).toBe('AuthenticationFailed');
    expect(await refused((await signed('r', { expiresOn: inMs(-5000) })).download())).toBe('AuthenticationFailed');
    expect(await refused((await signed('r', { ipRange: { start: '10.0.0.1' } })).download())).toBe(
      'AuthorizationSourceIPMismatch',
    );
    const forged = (await signed('r')).url.replace('sp=r', 'sp=rw');
    const file = new ShareFileClient(forged, new AnonymousCredential(), trusting());
    expect(await refused(file.download())).toBe('AuthenticationFailed');
  });

  test('makes URLs by the clients themselves, that work over http as well', async () => {
    const options = { permissions: ShareSASPermissions.parse('r'), expiresOn: inMs(hour) };
    const key = await delegationKey();
    const file = w.share.rootDirectoryClient.getFileClient('secret');
    const url = file.generateUserDelegationSasUrl(options, key);
    expect((await new ShareFileClient(url).downloadToBuffer()).toString()).toBe('secret');
    expect(file.generateUserDelegationStringToSign(options, key)).toContain(oid);
    const share = new ShareClient(w.share.generateUserDelegationSasUrl(options, key));
    expect((await contentOf(share, 'secret')).toString()).toBe('secret');
    expect(w.share.generateUserDelegationStringToSign(options, key)).toContain(oid);
  });

  test('can sign for one user alone, who then shows a token', async () => {
    const other = '55555555-5555-4555-8555-555555555555';
    const client = await signed('r', { delegatedUserObjectId: other });
    expect(await refused(client.download())).toBe('AuthenticationFailed');
    const withToken = async (user: string): Promise<string> => {
      const expiresOnTimestamp = Date.now() + hour;
      const token = issueToken(account, { oid: user, tid, roles: [] }, Date.now(), expiresOnTimestamp);
      const tokens = { getToken: () => Promise.resolve({ token, expiresOnTimestamp }) };
      return refused(
        new ShareFileClient(client.url, tokens, { ...trusting(), fileRequestIntent: 'backup' }).download(),
      );
    };
    expect(await withToken(other)).toBe('none');
    expect(await withToken(oid)).toBe('AuthenticationFailed');
  });
});
