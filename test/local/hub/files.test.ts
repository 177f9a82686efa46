// The small files of a data directory: whole or not there, private, and refused when they are not what was written.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf } from '../../../lib/base/errors.ts';
import { parseEnv, readEnv, writeEnv } from '../../../lib/local/hub/env-file.ts';
import { choosePorts, named, readHubFile, writeHubFile, type HubFile } from '../../../lib/local/hub/hub-file.ts';
import { lockData } from '../../../lib/local/hub/lock.ts';
import { loadSecrets } from '../../../lib/local/hub/secrets.ts';
import { writeWhole } from '../../../lib/local/hub/write-whole.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-hub-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const errorOf = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
};

test("a file is replaced whole, by its owner's alone, and leaves nothing beside it", () => {
  const file = path.join(dir, 'f');
  writeWhole(file, 'a long first text');
  writeWhole(file, 'short');
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777, readdirSync(dir)]).toEqual(['short', 0o600, ['f']]);
});

test('a crash before the rename leaves the old file', () => {
  const file = path.join(dir, 'f');
  writeWhole(file, 'old');
  writeFileSync(`${file}.new`, 'half of the n');
  expect(readFileSync(file, 'utf8')).toBe('old');
  writeWhole(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
});

describe('secrets', () => {
  test('are made once, and are different in every directory', () => {
    const first = loadSecrets(dir);
    expect(loadSecrets(dir)).toEqual(first);
    const other = mkdtempSync(path.join(dir, 'other-'));
    const values = [...Object.values(first), ...Object.values(loadSecrets(other))].filter((value) => value !== 1);
    expect(new Set(values).size).toBe(values.length);
  });

  test.each(['', '{', '{"v":1}', '{"v":2}', '[]'])('that are damaged are never made anew: %j', (text) => {
    const file = path.join(dir, 'secrets.json');
    writeFileSync(file, text);
    expect(errorOf(() => loadSecrets(dir))).toMatchObject({ code: 'state_corrupt', path: file });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('hub.json', () => {
  const value = async (): Promise<HubFile> => ({
    v: 1,
    url: 'http://127.0.0.1:1',
    pid: 7,
    host: '127.0.0.1',
    ports: await choosePorts('127.0.0.1', undefined),
    group: 'default',
    share: 'default',
    sites: [{ name: 'a', path: '/a' }],
    processes: [{ role: 'hub', pid: 7 }],
  });

  test('is read as it was written; before the first start there is none', async () => {
    expect(readHubFile(dir)).toBeUndefined();
    const written = await value();
    writeHubFile(dir, written);
    expect(readHubFile(dir)).toEqual(written);
  });

  test('names six different free ports, the one that was given among them', async () => {
    const ports = await choosePorts('127.0.0.1', 12345);
    expect(ports.hub).toBe(12345);
    expect(new Set(Object.values(ports)).size).toBe(6);
  });

  test('a port that is taken is told by what it was for', async () => {
    const taken = Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE' }));
    await expect(named('tables', 4711, taken)).rejects.toMatchObject({ code: 'port_in_use', path: '4711' });
    const other = Promise.reject(new Error('other'));
    await expect(named('tables', 4711, other)).rejects.toThrow('other');
  });
});

test('connection settings are read back as they were written', () => {
  expect(codeOf(errorOf(() => readEnv(dir)))).toBe('hub_unknown');
  const settings = { A_B: 'x=1;y=/+==', TOKEN: 'abc' };
  writeEnv(dir, settings);
  expect(parseEnv(readEnv(dir))).toEqual(settings);
});

test('a directory has one holder at a time', () => {
  const lock = lockData(dir);
  expect(errorOf(() => lockData(dir))).toMatchObject({ code: 'data_in_use', path: dir });
  lock.release();
  lockData(dir).release();
});
