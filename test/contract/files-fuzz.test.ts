// Whatever is asked, it is answered with something else than an error of the service, which goes on, keeps what it has, and
// touches nothing outside its folder.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwNonsense } from '../local/files/fuzz.ts';
import { rawRequest } from '../local/files/raw.ts';
import { contentOf, world, type World } from '../local/files/world.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? 20_261_126);
const errors: unknown[] = [];
const log = { error: (...told: unknown[]) => void errors.push(told), warn() {}, info() {}, debug() {} };
let outside = '';
let w: World;
beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'tideway-files-fuzz-'));
  const dir = join(outside, 'a/b/data');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(outside, 'a/witness'), 'untouched');
  w = await world({ dir, log, retentionDays: 0 });
  const file = w.share.rootDirectoryClient.getFileClient('kept');
  await file.create(100_000, { content: Buffer.alloc(100_000, 'k'), contentLength: 100_000 });
});
afterAll(() => w.stop());

test(`spoilt requests (TIDEWAY_SEED=${seed})`, async () => {
  const statuses = await throwNonsense(w.service.port, seed, 500);
  expect(errors).toEqual([]);
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  // Some of it was sound enough to be done.
  for (const status of [200, 201, 202, 400, 403, 404])
    expect([status, statuses.get(status)]).toEqual([status, expect.any(Number)]);
  expect((await contentOf(w.share, 'kept')).equals(Buffer.alloc(100_000, 'k'))).toBe(true);
  expect(readdirSync(outside)).toEqual(['a']);
  expect(readdirSync(join(outside, 'a')).toSorted()).toEqual(['b', 'witness']);
  expect(readdirSync(join(outside, 'a/b'))).toEqual(['data']);
  expect(readdirSync(w.dir).every((name) => /^(contents|files\.db(-wal|-shm)?)$/.test(name))).toBe(true);
});

test('what is larger than any request is refused before it is read, and the service goes on', async () => {
  const { port } = w.service;
  const huge = { 'x-ms-meta-a': 'x'.repeat(70_000) };
  expect((await rawRequest(port, 'PUT', '/tideway/team/huge', huge)).status).toBe(431);
  const long = `/tideway/team/${'x'.repeat(60_000)}`;
  expect((await rawRequest(port, 'GET', long)).code).toBe('InvalidFileOrDirectoryPathName');
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-ms-meta-m${i}`, 'v'.repeat(40)]));
  const create = { 'x-ms-type': 'file', 'x-ms-content-length': '0' };
  expect((await rawRequest(port, 'PUT', '/tideway/team/many', { ...create, ...many })).code).toBe('MetadataTooLarge');
  const body = { ...create, 'content-length': String(2 ** 40) };
  expect((await rawRequest(port, 'PUT', '/tideway/team/body', body)).code).toBe('RequestBodyTooLarge');
  expect((await contentOf(w.share, 'kept')).length).toBe(100_000);
});
