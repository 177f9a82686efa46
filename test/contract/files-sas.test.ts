import { beforeAll, describe, expect, test } from '@jest/globals';
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
import { refused } from '../local/files/world.ts';
import { type Account, embeddedFiles, filesContract } from './files/contract.ts';

const hour = 3_600_000;

function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** A client for `path` with a SAS made for `signedPath` (of the share if undefined). */
function signed(
  w: Account,
  path: string,
  signedPath: string | undefined,
  permissions: string,
  more: object = {},
): ShareFileClient {
  const sas = generateFileSASQueryParameters(
    {
      shareName: w.share.name,
      ...(signedPath === undefined ? {} : { filePath: signedPath }),
      permissions:
        signedPath === undefined ? ShareSASPermissions.parse(permissions) : FileSASPermissions.parse(permissions),
      expiresOn: inMs(hour),
      ...more,
    },
    w.credential,
  );
  return new ShareFileClient(
    `${w.account.url}/${w.share.name}/${path.split('/').map(encodeURIComponent).join('/')}?${sas.toString()}`,
  );
}

const path = 'signed/Öl & Gas.txt';

function accountClient(
  w: Account,
  permissions: string,
  types: string,
  services = 'f',
  more: object = {},
): ShareServiceClient {
  const sas = generateAccountSASQueryParameters(
    {
      permissions: AccountSASPermissions.parse(permissions),
      resourceTypes: AccountSASResourceTypes.parse(types).toString(),
      services: AccountSASServices.parse(services).toString(),
      expiresOn: inMs(hour),
      ...more,
    },
    w.credential,
  );
  return new ShareServiceClient(`${w.account.url}/?${sas.toString()}`);
}

filesContract((w) => {
  beforeAll(async () => {
    const file = w.share.rootDirectoryClient.getFileClient(path);
    await w.share.createDirectory('signed');
    await file.create(5, { content: 'hello', contentLength: 5 });
  });

  describe('the account key', () => {
    test('must be the right one', async () => {
      const other = new StorageSharedKeyCredential(w.account.name, Buffer.alloc(64, 1).toString('base64'));
      const stranger = new ShareServiceClient(w.account.url, other, { retryOptions: { maxTries: 1 } });
      expect(await refused(stranger.getShareClient(w.share.name).getProperties())).toBe('AuthenticationFailed');
      const nobody = new ShareServiceClient(w.account.url);
      expect(await refused(nobody.getShareClient(w.share.name).getProperties())).toBe('AuthenticationFailed');
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
      expect((await signed(w, path, path, 'r').downloadToBuffer()).toString()).toBe('hello');
      await signed(w, path, path, 'w').uploadRange('j', 0, 1);
      expect((await signed(w, path, path, 'r').downloadToBuffer()).toString()).toBe('jello');
      await signed(w, 'signed/new', 'signed/new', 'c').create(1);
      await signed(w, 'signed/new', 'signed/new', 'd').delete();
    });

    test('allows nothing else', async () => {
      const mismatch = 'AuthorizationPermissionMismatch';
      expect(await refused(signed(w, path, path, 'w').download())).toBe(mismatch);
      expect(await refused(signed(w, path, path, 'r').uploadRange('x', 0, 1))).toBe(mismatch);
      expect(await refused(signed(w, path, path, 'c').uploadRange('x', 0, 1))).toBe(mismatch);
      expect(await refused(signed(w, path, path, 'rcw').delete())).toBe(mismatch);
      expect(await refused(signed(w, 'signed', 'signed', 'rcwd').download())).toBe('ResourceTypeMismatch');
    });

    test('is worth nothing for another file', async () => {
      expect(await refused(signed(w, 'signed/other', path, 'rcwd').create(1))).toBe('AuthenticationFailed');
      const file = signed(w, path, path, 'r');
      const forged = new ShareFileClient(file.url.replace('sp=r', 'sp=rw'));
      expect(await refused(forged.uploadRange('x', 0, 1))).toBe('AuthenticationFailed');
    });

    test('is worth nothing before its start, after its end, or for another protocol', async () => {
      const get = (more: object): Promise<string> => refused(signed(w, path, path, 'r', more).download());
      expect(await get({ expiresOn: inMs(-5000) })).toBe('AuthenticationFailed');
      expect(await get({ startsOn: inMs(hour / 2) })).toBe('AuthenticationFailed');
      expect(await get({ startsOn: inMs(-hour) })).toBe('none');
      expect(await get({ protocol: SASProtocol.HttpsAndHttp })).toBe('none');
      expect(await get({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } })).toBe('AuthorizationSourceIPMismatch');
    });

    test('does not rename another, nor copy from one it cannot read', async () => {
      await w.share.rootDirectoryClient.getFileClient('secret').create(6, { content: 'secret', contentLength: 6 });
      const target = signed(w, 'signed/loot', 'signed/loot', 'rcwd');
      await target.create(6);
      const secret = `${w.account.url}/${w.share.name}/secret`;
      expect(await refused(target.uploadRangeFromURL(secret, 0, 0, 6))).toBe('AuthenticationFailed');
      expect(await refused(target.startCopyFromURL(secret))).toBe('AuthenticationFailed');
      const readable = signed(w, 'secret', 'secret', 'r').url;
      await target.uploadRangeFromURL(readable, 0, 0, 6);
      expect((await target.downloadToBuffer()).toString()).toBe('secret');
      expect(await refused(signed(w, 'secret', 'secret', 'r').rename('signed/loot'))).toBe('AuthenticationFailed');
    });
  });

  describe('a SAS for the share', () => {
    test('reaches all files, and lists with l only', async () => {
      expect((await signed(w, path, undefined, 'r').downloadToBuffer()).toString()).toBe('jello');
      const list = async (permissions: string): Promise<unknown> => {
        const { search } = new URL(signed(w, path, undefined, permissions).url);
        const client = new ShareServiceClient(`${w.account.url}/${search}`);
        return client.getShareClient(w.share.name).getDirectoryClient('signed').listFilesAndDirectories().next();
      };
      expect(await refused(list('l'))).toBe('none');
      expect(await refused(list('rcwd'))).toBe('AuthorizationPermissionMismatch');
    });

    test('reaches into its snapshots', async () => {
      const { snapshot = '' } = await w.share.createSnapshot();
      await w.share.rootDirectoryClient.getFileClient('after').create(1);
      const { search } = new URL(signed(w, path, undefined, 'rl').url);
      const past = new ShareServiceClient(`${w.account.url}/${search}`)
        .getShareClient(w.share.name)
        .withSnapshot(snapshot);
      expect((await past.rootDirectoryClient.getFileClient(path).downloadToBuffer()).toString()).toBe('jello');
      expect(await past.rootDirectoryClient.getFileClient('after').exists()).toBe(false);
      expect(await refused(past.delete())).toBe('AuthorizationFailure');
      await w.share.withSnapshot(snapshot).delete();
    });

    test('cannot change the share itself', async () => {
      const { search } = new URL(signed(w, path, undefined, 'rcwdl').url);
      const share = new ShareServiceClient(`${w.account.url}/${search}`).getShareClient(w.share.name);
      expect(await refused(share.delete())).toBe('AuthorizationFailure');
      expect(await refused(share.getProperties())).toBe('AuthorizationFailure');
    });
  });

  describe('a SAS for the account', () => {
    test('grants by service, resource type and permission', async () => {
      await accountClient(w, 'c', 'sco').getShareClient(w.named('by-sas')).create();
      await accountClient(w, 'd', 'c').getShareClient(w.named('by-sas')).delete();
      const file = (client: ShareServiceClient) =>
        client.getShareClient(w.share.name).rootDirectoryClient.getFileClient('secret');
      expect(await refused(file(accountClient(w, 'r', 'o')).download())).toBe('none');
      expect(await refused(file(accountClient(w, 'r', 'sc')).download())).toBe('AuthorizationResourceTypeMismatch');
      expect(await refused(file(accountClient(w, 'r', 'o', 'b')).download())).toBe('AuthorizationServiceMismatch');
      expect(await refused(file(accountClient(w, 'l', 'o')).download())).toBe('AuthorizationPermissionMismatch');
    });

    test('of an account is worth nothing outside its time, its addresses and its protocol', async () => {
      const get = (more: object): Promise<string> => {
        const share = accountClient(w, 'r', 'o', 'f', more).getShareClient(w.share.name);
        return refused(share.rootDirectoryClient.getFileClient('secret').download());
      };
      expect(await get({ expiresOn: inMs(-5000) })).toBe('AuthenticationFailed');
      expect(await get({ startsOn: inMs(hour / 2) })).toBe('AuthenticationFailed');
      expect(await get({ startsOn: inMs(-hour) })).toBe('none');
      expect(await get({ ipRange: { start: '10.0.0.1', end: '10.0.0.9' } })).toBe('AuthorizationSourceIPMismatch');
    });

    test('manages shares only as far as its letters go', async () => {
      const name = w.named('managed');
      await w.client.createShare(name);
      const share = (letters: string, types = 'sco') => accountClient(w, letters, types).getShareClient(name);
      expect(await refused(share('r').getProperties())).toBe('none');
      expect(await refused(share('r', 'o').getProperties())).toBe('AuthorizationResourceTypeMismatch');
      expect(await refused(share('r').setMetadata({}))).toBe('AuthorizationPermissionMismatch');
      expect(await refused(share('w').setMetadata({}))).toBe('none');
      expect(await refused(share('d').createSnapshot())).toBe('AuthorizationPermissionMismatch');
      expect(await refused(share('c').createSnapshot())).toBe('none');
      expect(await refused(share('rcwdl').getAccessPolicy())).toBe('AuthorizationPermissionMismatch');
      expect(await refused(share('r').getShareLeaseClient().acquireLease(-1))).toBe('AuthorizationPermissionMismatch');
      expect(await refused(accountClient(w, 'l', 's').listShares().next())).toBe('none');
      expect(await refused(accountClient(w, 'r', 's').listShares().next())).toBe('AuthorizationPermissionMismatch');
      expect(await refused(share('w').delete({ deleteSnapshots: 'include' }))).toBe('AuthorizationPermissionMismatch');
      expect(await refused(share('d').delete({ deleteSnapshots: 'include' }))).toBe('none');
    });
  });
});

// Elsewhere the way is https, and the address that a request comes from is known to nobody here.
embeddedFiles((w) => {
  // An account takes up to half a minute to know a policy.
  test('a SAS may take its terms from a stored policy, which can be withdrawn', async () => {
    const policy = { permissions: 'r', expiresOn: inMs(hour), startsOn: inMs(-hour) };
    await w.share.rootDirectoryClient.createFile('shared', 6, { content: 'secret', contentLength: 6 });
    await w.share.setAccessPolicy([{ id: 'readers', accessPolicy: policy }]);
    expect((await w.share.getAccessPolicy()).signedIdentifiers).toMatchObject([
      { id: 'readers', accessPolicy: { permissions: 'r' } },
    ]);
    const sas = generateFileSASQueryParameters({ shareName: w.share.name, identifier: 'readers' }, w.credential);
    const file = new ShareFileClient(`${w.account.url}/${w.share.name}/shared?${sas.toString()}`);
    expect((await file.downloadToBuffer()).toString()).toBe('secret');
    expect(await refused(file.delete())).toBe('AuthorizationPermissionMismatch');
    await w.share.setAccessPolicy([]);
    expect(await refused(file.download())).toBe('AuthenticationFailed');
  });

  test.each<[string, (more: object) => ShareFileClient]>([
    ['a file', (more) => signed(w, 'f', 'f', 'r', more)],
    [
      'an account',
      (more) => accountClient(w, 'r', 'o', 'f', more).getShareClient('team').rootDirectoryClient.getFileClient('f'),
    ],
  ])('a SAS for %s is taken over http and from its own addresses, if it says so', async (_what, client) => {
    await w.share.rootDirectoryClient.createFile('f', 1);
    const get = (more: object): Promise<string> => refused(client(more).download());
    expect(await get({ protocol: SASProtocol.Https })).toBe('AuthorizationProtocolMismatch');
    expect(await get({ ipRange: { start: '127.0.0.1' } })).toBe('none');
    expect(await get({ ipRange: { start: '127.0.0.0', end: '127.0.0.9' } })).toBe('none');
  });
});
