import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  FileSASPermissions,
  ShareFileClient,
  ShareSASPermissions,
  ShareServiceClient,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
  generateFileSASQueryParameters,
  SASProtocol,
} from '@azure/storage-file-share';
import { account, credential, refused, world, type World } from '../local/files/world.ts';

let w: World;
beforeAll(async () => {
  w = await world();
  const file = w.share.rootDirectoryClient.getFileClient('signed/Öl & Gas.txt');
  await w.share.createDirectory('signed');
  await file.create(5, { content: 'hello', contentLength: 5 });
});
afterAll(() => w.stop());

const hour = 3_600_000;

function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** A client for `path` with a SAS made for `signedPath` (of the share if undefined). */
function signed(path: string, signedPath: string | undefined, permissions: string, more: object = {}): ShareFileClient {
  const sas = generateFileSASQueryParameters(
    {
      shareName: 'team',
      ...(signedPath === undefined ? {} : { filePath: signedPath }),
      permissions:
        signedPath === undefined ? ShareSASPermissions.parse(permissions) : FileSASPermissions.parse(permissions),
      expiresOn: inMs(hour),
      ...more,
    },
    credential,
  );
  return new ShareFileClient(
    `${w.service.url}/team/${path.split('/').map(encodeURIComponent).join('/')}?${sas.toString()}`,
  );
}

const path = 'signed/Öl & Gas.txt';

describe('the account key', () => {
  test('must be the right one', async () => {
    const other = new StorageSharedKeyCredential(account.name, Buffer.alloc(64, 1).toString('base64'));
    const stranger = new ShareServiceClient(w.service.url, other, { retryOptions: { maxTries: 1 } });
    expect(await refused(stranger.getShareClient('team').getProperties())).toBe('AuthenticationFailed');
    const nobody = new ShareServiceClient(w.service.url);
    expect(await refused(nobody.getShareClient('team').getProperties())).toBe('AuthenticationFailed');
  });

  test('signs metadata whose names sort otherwise than bytes do', async () => {
    const metadata = { tw_op: '1', tw2: '2', twB: '3', a_b: '4', a1: '5', A: '6' };
    const file = w.share.rootDirectoryClient.getFileClient('sorted');
    await file.create(0, { metadata });
    const lower = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]));
    expect((await file.getProperties()).metadata).toEqual(lower);
  });
});

describe('a SAS for one file', () => {
  test('allows what it names on that file', async () => {
    expect((await signed(path, path, 'r').downloadToBuffer()).toString()).toBe('hello');
    await signed(path, path, 'w').uploadRange('j', 0, 1);
    expect((await signed(path, path, 'r').downloadToBuffer()).toString()).toBe('jello');
    await signed('signed/new', 'signed/new', 'c').create(1);
    await signed('signed/new', 'signed/new', 'd').delete();
  });

  test('allows nothing else', async () => {
    const mismatch = 'AuthorizationPermissionMismatch';
    expect(await refused(signed(path, path, 'w').download())).toBe(mismatch);
    expect(await refused(signed(path, path, 'r').uploadRange('x', 0, 1))).toBe(mismatch);
    expect(await refused(signed(path, path, 'c').uploadRange('x', 0, 1))).toBe(mismatch);
    expect(await refused(signed(path, path, 'rcw').delete())).toBe(mismatch);
    expect(await refused(signed('signed', 'signed', 'rcwd').download())).toBe('ResourceTypeMismatch');
  });

  test('is worth nothing for another file', async () => {
    expect(await refused(signed('signed/other', path, 'rcwd').create(1))).toBe('AuthenticationFailed');
    const file = signed(path, path, 'r');
    const forged = new ShareFileClient(file.url.replace('sp=r', 'sp=rw'));
    expect(await refused(forged.uploadRange('x', 0, 1))).toBe('AuthenticationFailed');
  });

  test('is worth nothing before its start, after its end, or for another protocol', async () => {
    const get = (more: object): Promise<string> => refused(signed(path, path, 'r', more).download());
    expect(await get({ expiresOn: inMs(-5000) })).toBe('AuthenticationFailed');
    expect(await get({ startsOn: inMs(hour / 2) })).toBe('AuthenticationFailed');
    expect(await get({ startsOn: inMs(-hour) })).toBe('none');
    expect(await get({ protocol: SASProtocol.Https })).toBe('AuthorizationProtocolMismatch');
    expect(await get({ protocol: SASProtocol.HttpsAndHttp })).toBe('none');
    expect(await get({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } })).toBe('AuthorizationSourceIPMismatch');
    expect(await get({ ipRange: { start: '127.0.0.1' } })).toBe('none');
  });

  test('does not rename another, nor copy from one it cannot read', async () => {
    await w.share.rootDirectoryClient.getFileClient('secret').create(6, { content: 'secret', contentLength: 6 });
    const target = signed('signed/loot', 'signed/loot', 'rcwd');
    await target.create(6);
    const secret = `${w.service.url}/team/secret`;
    expect(await refused(target.uploadRangeFromURL(secret, 0, 0, 6))).toBe('AuthenticationFailed');
    expect(await refused(target.startCopyFromURL(secret))).toBe('AuthenticationFailed');
    const readable = signed('secret', 'secret', 'r').url;
    await target.uploadRangeFromURL(readable, 0, 0, 6);
    expect((await target.downloadToBuffer()).toString()).toBe('secret');
    expect(await refused(signed('secret', 'secret', 'r').rename('signed/loot'))).toBe('AuthenticationFailed');
  });
});

describe('a SAS for the share', () => {
  test('reaches all files, and lists with l only', async () => {
    expect((await signed(path, undefined, 'r').downloadToBuffer()).toString()).toBe('jello');
    const list = async (permissions: string): Promise<unknown> => {
      const { search } = new URL(signed(path, undefined, permissions).url);
      const client = new ShareServiceClient(`${w.service.url}/${search}`);
      return client.getShareClient('team').getDirectoryClient('signed').listFilesAndDirectories().next();
    };
    expect(await refused(list('l'))).toBe('none');
    expect(await refused(list('rcwd'))).toBe('AuthorizationPermissionMismatch');
  });

  test('reaches into its snapshots', async () => {
    const { snapshot = '' } = await w.share.createSnapshot();
    await w.share.rootDirectoryClient.getFileClient('after').create(1);
    const { search } = new URL(signed(path, undefined, 'rl').url);
    const past = new ShareServiceClient(`${w.service.url}/${search}`).getShareClient('team').withSnapshot(snapshot);
    expect((await past.rootDirectoryClient.getFileClient(path).downloadToBuffer()).toString()).toBe('jello');
    expect(await past.rootDirectoryClient.getFileClient('after').exists()).toBe(false);
    expect(await refused(past.delete())).toBe('AuthorizationFailure');
    await w.share.withSnapshot(snapshot).delete();
  });

  test('cannot change the share itself', async () => {
    const { search } = new URL(signed(path, undefined, 'rcwdl').url);
    const share = new ShareServiceClient(`${w.service.url}/${search}`).getShareClient('team');
    expect(await refused(share.delete())).toBe('AuthorizationFailure');
    expect(await refused(share.getProperties())).toBe('AuthorizationFailure');
  });

  test('may take its terms from a stored policy, which can be withdrawn', async () => {
    const policy = { permissions: 'r', expiresOn: inMs(hour), startsOn: inMs(-hour) };
    await w.share.setAccessPolicy([{ id: 'readers', accessPolicy: policy }]);
    expect((await w.share.getAccessPolicy()).signedIdentifiers).toMatchObject([
      { id: 'readers', accessPolicy: { permissions: 'r' } },
    ]);
    const sas = generateFileSASQueryParameters({ shareName: 'team', identifier: 'readers' }, credential);
    const file = new ShareFileClient(`${w.service.url}/team/secret?${sas.toString()}`);
    expect((await file.downloadToBuffer()).toString()).toBe('secret');
    expect(await refused(file.delete())).toBe('AuthorizationPermissionMismatch');
    await w.share.setAccessPolicy([]);
    expect(await refused(file.download())).toBe('AuthenticationFailed');
  });
});

describe('a SAS for the account', () => {
  function accountClient(permissions: string, types: string, services = 'f', more: object = {}): ShareServiceClient {
    const sas = generateAccountSASQueryParameters(
      {
        permissions: AccountSASPermissions.parse(permissions),
        resourceTypes: AccountSASResourceTypes.parse(types).toString(),
        services: AccountSASServices.parse(services).toString(),
        expiresOn: inMs(hour),
        ...more,
      },
      credential,
    );
    return new ShareServiceClient(`${w.service.url}/?${sas.toString()}`);
  }

  test('grants by service, resource type and permission', async () => {
    await accountClient('c', 'sco').getShareClient('by-sas').create();
    await accountClient('d', 'c').getShareClient('by-sas').delete();
    const file = (client: ShareServiceClient) =>
      client.getShareClient('team').rootDirectoryClient.getFileClient('secret');
    expect(await refused(file(accountClient('r', 'o')).download())).toBe('none');
    expect(await refused(file(accountClient('r', 'sc')).download())).toBe('AuthorizationResourceTypeMismatch');
    expect(await refused(file(accountClient('r', 'o', 'b')).download())).toBe('AuthorizationServiceMismatch');
    expect(await refused(file(accountClient('l', 'o')).download())).toBe('AuthorizationPermissionMismatch');
  });

  test('of an account is worth nothing outside its time, its addresses and its protocol', async () => {
    const get = (more: object): Promise<string> => {
      const share = accountClient('r', 'o', 'f', more).getShareClient('team');
      return refused(share.rootDirectoryClient.getFileClient('secret').download());
    };
    expect(await get({ expiresOn: inMs(-5000) })).toBe('AuthenticationFailed');
    expect(await get({ startsOn: inMs(hour / 2) })).toBe('AuthenticationFailed');
    expect(await get({ startsOn: inMs(-hour) })).toBe('none');
    expect(await get({ protocol: SASProtocol.Https })).toBe('AuthorizationProtocolMismatch');
    expect(await get({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } })).toBe('AuthorizationSourceIPMismatch');
    expect(await get({ ipRange: { start: '127.0.0.0', end: '127.0.0.9' } })).toBe('none');
  });

  test('manages shares only as far as its letters go', async () => {
    await w.client.createShare('managed');
    const share = (letters: string, types = 'sco') => accountClient(letters, types).getShareClient('managed');
    expect(await refused(share('r').getProperties())).toBe('none');
    expect(await refused(share('r', 'o').getProperties())).toBe('AuthorizationResourceTypeMismatch');
    expect(await refused(share('r').setMetadata({}))).toBe('AuthorizationPermissionMismatch');
    expect(await refused(share('w').setMetadata({}))).toBe('none');
    expect(await refused(share('d').createSnapshot())).toBe('AuthorizationPermissionMismatch');
    expect(await refused(share('c').createSnapshot())).toBe('none');
    expect(await refused(share('rcwdl').getAccessPolicy())).toBe('AuthorizationPermissionMismatch');
    expect(await refused(share('r').getShareLeaseClient().acquireLease(-1))).toBe('AuthorizationPermissionMismatch');
    expect(await refused(accountClient('l', 's').listShares().next())).toBe('none');
    expect(await refused(accountClient('r', 's').listShares().next())).toBe('AuthorizationPermissionMismatch');
    expect(await refused(share('w').delete({ deleteSnapshots: 'include' }))).toBe('AuthorizationPermissionMismatch');
    expect(await refused(share('d').delete({ deleteSnapshots: 'include' }))).toBe('none');
  });
});
