import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { FilesError } from '../../lib/local/files/errors.ts';
import { credential, refused, world, type World } from '../local/files/world.ts';

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.stop());

function at(path: string): ShareFileClient {
  return w.share.rootDirectoryClient.getFileClient(path);
}

async function put(path: string, text: string): Promise<void> {
  await at(path).create(text.length, { content: text, contentLength: text.length });
}

async function shown(path: string): Promise<{ size: number | undefined; etag: string | undefined }> {
  for await (const item of w.share.rootDirectoryClient.listFilesAndDirectories({ includeEtag: true }))
    if (item.kind === 'file' && item.name === path)
      return { size: item.properties.contentLength, etag: item.properties.etag };
  throw new Error(`${path} is not listed`);
}

describe('while an SMB client has a file open', () => {
  test('REST can read, but not write, rename or delete it', async () => {
    await put('open.xlsx', 'sheet');
    const handle = w.service.smb.open({ share: 'team', path: 'open.xlsx', access: 'write' });
    expect(await refused(at('open.xlsx').download())).toBe('none');
    expect(await refused(at('open.xlsx').getProperties())).toBe('none');
    for (const work of [
      at('open.xlsx').uploadRange('x', 0, 1),
      at('open.xlsx').clearRange(0, 1),
      at('open.xlsx').resize(1),
      at('open.xlsx').setMetadata({ a: 'b' }),
      at('open.xlsx').create(1),
      at('open.xlsx').rename('moved.xlsx'),
      at('open.xlsx').delete(),
    ])
      expect(await refused(work)).toBe('SharingViolation');
    await put('other', 'x');
    expect(await refused(at('other').rename('open.xlsx'))).toBe('ResourceAlreadyExists');
    expect(await refused(at('other').rename('open.xlsx', { replaceIfExists: true }))).toBe('SharingViolation');
    await handle.close();
    expect(await refused(at('open.xlsx').rename('moved.xlsx'))).toBe('none');
  });

  test('what it shares is allowed', async () => {
    await put('shared', 'abc');
    const handle = w.service.smb.open({
      share: 'team',
      path: 'SHARED',
      access: 'read',
      shareWrite: true,
      shareDelete: true,
    });
    await at('shared').uploadRange('x', 0, 1);
    await at('shared').rename('shared-moved');
    await at('shared-moved').delete();
    // Deleted while open: it stays until the last handle is closed, and nothing can be done with it meanwhile.
    expect(await refused(at('shared-moved').getProperties())).toBe('DeletePending');
    expect(await refused(at('shared-moved').create(1))).toBe('DeletePending');
    await put('rival', 'x');
    expect(await refused(at('rival').rename('shared-moved'))).toBe('DeletePending');
    await handle.close();
    expect(await refused(at('shared-moved').getProperties())).toBe('ResourceNotFound');
  });

  test('no directory above it can be renamed or deleted', async () => {
    await w.share.createDirectory('busy');
    await w.share.getDirectoryClient('busy/deep').create();
    await put('busy/deep/file', 'x');
    const open = { share: 'team', path: 'busy/deep/file', access: 'read', shareDelete: true } as const;
    const handle = w.service.smb.open(open);
    expect(await refused(w.share.getDirectoryClient('busy').rename('idle'))).toBe('SharingViolation');
    expect(await refused(w.share.getDirectoryClient('busy/deep').delete())).toBe('SharingViolation');
    await handle.close();
    expect(await refused(w.share.getDirectoryClient('busy').rename('idle'))).toBe('none');
    const moved = w.service.smb.open({ ...open, path: 'idle/deep/file' });
    await at('idle/deep/file').rename('freed');
    expect(await refused(w.share.getDirectoryClient('idle').rename('busy'))).toBe('none');
    await moved.close();
  });

  test('listings are stale until it closes, HEAD is not', async () => {
    await put('growing', 'abc');
    const before = await shown('growing');
    const handle = w.service.smb.open({ share: 'team', path: 'growing', access: 'write' });
    await handle.write(3, Buffer.from('defgh'));
    await handle.truncate(7);
    const head = await at('growing').getProperties();
    expect(head.contentLength).toBe(7);
    expect(head.etag).not.toBe(before.etag);
    expect(await shown('growing')).toEqual(before);
    await handle.close();
    expect(await shown('growing')).toEqual({ size: 7, etag: head.etag });
    expect((await at('growing').downloadToBuffer()).toString()).toBe('abcdefg');
  });

  test('it may ask for deletion on close', async () => {
    await put('doomed', 'x');
    const first = w.service.smb.open({ share: 'team', path: 'doomed', access: 'read' });
    const second = w.service.smb.open({ share: 'team', path: 'doomed', access: 'read' });
    await first.deleteOnClose();
    expect(await refused(at('doomed').download())).toBe('DeletePending');
    expect(await refused(at('doomed').rename('saved'))).toBe('DeletePending');
    await first.close();
    expect(await refused(at('doomed').delete())).toBe('DeletePending');
    await second.close();
    expect(await refused(at('doomed').download())).toBe('ResourceNotFound');
    await expect(second.close()).rejects.toThrow(FilesError);
  });

  test('a second client meets the first', async () => {
    await put('two', 'x');
    const reader = w.service.smb.open({ share: 'team', path: 'two', access: 'read' });
    expect(() => w.service.smb.open({ share: 'team', path: 'two', access: 'write' })).toThrow(
      new FilesError('SharingViolation'),
    );
    await expect(reader.write(0, Buffer.from('x'))).rejects.toThrow(FilesError);
    await reader.close();
  });
});

test('SMB clients make, rename and remove, and REST sees it', async () => {
  const { smb } = w.service;
  await smb.create({ share: 'team', path: 'by-smb', directory: true });
  await smb.create({ share: 'team', path: 'by-smb/a', content: Buffer.alloc(100_000, 1) });
  expect((await at('by-smb/a').downloadToBuffer()).equals(Buffer.alloc(100_000, 1))).toBe(true);
  await smb.rename({ share: 'team', path: 'by-smb/a', to: 'by-smb/b' });
  await smb.create({ share: 'team', path: 'by-smb/c', content: Buffer.from('c') });
  await expect(smb.rename({ share: 'team', path: 'by-smb/b', to: 'by-smb/c' })).rejects.toThrow(
    new FilesError('ResourceAlreadyExists'),
  );
  await smb.rename({ share: 'team', path: 'by-smb/b', to: 'by-smb/c', replace: true });
  expect((await at('by-smb/c').getProperties()).contentLength).toBe(100_000);
  await expect(smb.remove({ share: 'team', path: 'by-smb' })).rejects.toThrow(new FilesError('DirectoryNotEmpty'));
  await smb.remove({ share: 'team', path: 'by-smb/c' });
  await smb.remove({ share: 'team', path: 'by-smb' });
  expect(await w.share.getDirectoryClient('by-smb').exists()).toBe(false);
});

describe('over HTTP', () => {
  async function call(verb: string, args: object, sign = true): Promise<{ status: number; body: string }> {
    const body = JSON.stringify(args);
    const path = `/tideway/$smb/${verb}`;
    const date = new Date().toUTCString();
    const text = ['POST', '', '', body.length, '', 'application/json', '', '', '', '', '', ''].join('\n');
    const signature = credential.computeHMACSHA256(`${text}\nx-ms-date:${date}\n/tideway${path}`);
    const response = await fetch(`http://127.0.0.1:${w.service.port}${path}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-ms-date': date,
        ...(sign ? { authorization: `SharedKey tideway:${signature}` } : {}),
      },
    });
    return { status: response.status, body: response.headers.get('x-ms-error-code') ?? (await response.text()) };
  }

  test('does the same', async () => {
    const bytes = Buffer.from('hello').toString('base64');
    expect(await call('create', { share: 'team', path: 'h', content: bytes })).toEqual({ status: 200, body: '{}' });
    const opened = await call('open', { share: 'team', path: 'h', access: 'write' });
    const { handle } = JSON.parse(opened.body) as { handle: string };
    expect(await refused(at('h').delete())).toBe('SharingViolation');
    await call('write', { handle, offset: 5, bytes });
    await call('truncate', { handle, size: 7 });
    await call('close', { handle });
    expect((await at('h').downloadToBuffer()).toString()).toBe('hellohe');
    await call('rename', { share: 'team', path: 'h', to: 'i' });
    const again = await call('open', { share: 'team', path: 'i', access: 'read' });
    const second = (JSON.parse(again.body) as { handle: string }).handle;
    await call('deleteOnClose', { handle: second });
    expect(await refused(at('i').download())).toBe('DeletePending');
    await call('close', { handle: second });
    expect(await call('remove', { share: 'team', path: 'i' })).toEqual({ status: 404, body: 'ResourceNotFound' });
  });

  test('refuses what is not signed or makes no sense', async () => {
    expect(await call('remove', { share: 'team', path: 'h' }, false)).toEqual({
      status: 403,
      body: 'AuthenticationFailed',
    });
    expect(await call('open', { share: 'team', path: 'h', access: 'all' })).toEqual({
      status: 400,
      body: 'InvalidInput',
    });
    expect(await call('dance', {})).toEqual({ status: 400, body: 'InvalidUri' });
    expect(await call('close', { handle: 'none' })).toEqual({ status: 404, body: 'ResourceNotFound' });
  });
});
