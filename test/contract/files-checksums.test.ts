import { expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { Crc64 } from '../../lib/local/files/crc64.ts';
import { encodeStructured } from '../../lib/local/files/structured-body.ts';
import { rawRequest, type RawAnswer } from '../local/files/raw.ts';
import { refused } from '../local/files/world.ts';
import { type Account, embeddedFiles, filesContract } from './files/contract.ts';

const checked = { contentChecksumAlgorithm: 'StorageCrc64' } as const;
const mib = 2 ** 20;

/** A file at the root of the share. */
function fileIn(w: Account, path: string): ShareFileClient {
  return w.share.rootDirectoryClient.getFileClient(path);
}

function filled(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8)) & 0xff;
  return bytes;
}

// The check value of the catalogues of such checksums; that the client agrees is shown by what goes up and comes down.
test('the checksum is the one that is meant', () => {
  const digest = new Crc64().update(Buffer.from('12345')).update(Buffer.from('6789')).digest();
  expect(digest.readBigUInt64LE().toString(16)).toBe('ae8b14860a799888');
  expect(new Crc64().digest().readBigUInt64LE()).toBe(0n);
});

filesContract((w) => {
  test('goes up and comes down with checksums, of any size', async () => {
    for (const size of [1, 1000, 70_000, 4 * mib]) {
      const file = fileIn(w, `size-${size}`);
      const bytes = filled(size);
      await file.create(size, { ...checked, content: bytes, contentLength: size });
      expect((await file.downloadToBuffer(0, size, checked)).equals(bytes)).toBe(true);
      expect((await file.downloadToBuffer()).equals(bytes)).toBe(true);
      await file.uploadRange('X', size - 1, 1, checked);
      const last = await file.downloadToBuffer(size - 1, 1, checked);
      expect(last.toString()).toBe('X');
    }
    const large = filled(9 * mib + 5);
    await fileIn(w, 'large').uploadData(large, checked);
    expect(
      (await fileIn(w, 'large').downloadToBuffer(0, undefined, { ...checked, rangeSize: 4 * mib })).equals(large),
    ).toBe(true);
    const whole = await fileIn(w, 'large').download(0, undefined, checked);
    const pieces: Buffer[] = [];
    for await (const piece of whole.readableStreamBody ?? []) pieces.push(Buffer.from(piece));
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    await fileIn(w, 'hole').create(200_000);
    expect((await fileIn(w, 'hole').downloadToBuffer(0, 200_000, checked)).equals(Buffer.alloc(200_000))).toBe(true);
  });
});

embeddedFiles((w) => {
  test('is refused when a checksum or its form is wrong, and changes nothing', async () => {
    await fileIn(w, 'guarded').create(3, { content: 'abc', contentLength: 3 });
    const pieces: Uint8Array[] = [];
    async function* content(): AsyncGenerator<Uint8Array, void, void> {
      yield Buffer.from('XYZ');
    }
    for await (const piece of encodeStructured(content(), 3)) pieces.push(piece);
    const sound = Buffer.concat(pieces);
    const send = (body: Buffer, more: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
      rawRequest(
        w.service.port,
        'PUT',
        '/tideway/team/guarded?comp=range',
        {
          'x-ms-range': 'bytes=0-2',
          'x-ms-write': 'update',
          'x-ms-structured-body': 'XSM/1.0; properties=crc64',
          'x-ms-structured-content-length': '3',
          ...more,
        },
        body,
      );
    const spoilt = (at_: number): Buffer => {
      const copy = Buffer.from(sound);
      copy[at_] = (copy[at_] ?? 0) ^ 1;
      return copy;
    };
    // The version, the length, a byte of the content, each checksum, and what is cut off.
    for (const [body, code] of [
      [spoilt(0), 'InvalidInput'],
      [spoilt(1), 'InvalidInput'],
      [spoilt(23), 'Crc64Mismatch'],
      [spoilt(26), 'Crc64Mismatch'],
      [spoilt(34), 'Crc64Mismatch'],
      [sound.subarray(0, 40), 'InvalidInput'],
    ] as const)
      expect([body.toString('hex'), (await send(body)).code]).toEqual([body.toString('hex'), code]);
    expect((await send(sound, { 'x-ms-structured-content-length': '4' })).code).toBe('InvalidHeaderValue');
    expect((await fileIn(w, 'guarded').downloadToBuffer()).toString()).toBe('abc');
    expect(await refused(fileIn(w, 'guarded').download(5, 1, checked))).toBe('InvalidRange');
    expect((await send(sound)).status).toBe(201);
    expect((await fileIn(w, 'guarded').downloadToBuffer()).toString()).toBe('XYZ');
  });
});
