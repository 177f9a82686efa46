import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf } from '../../../lib/base/errors.ts';
import { checkApart, checkSite } from '../../../lib/local/hub/sites.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-sites-'));
  for (const name of ['a', 'a/inner', 'b', 'ab', 'data', 'data/sites', 'data/sites/c']) mkdirSync(path.join(dir, name));
  symlinkSync('a', path.join(dir, 'link'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const site = (name: string): { name: string; path: string } => ({ name, path: path.join(dir, name) });
const refusal = (call: () => void): string => {
  try {
    call();
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

describe('a site', () => {
  test('is a directory that can be written', () => {
    writeFileSync(path.join(dir, 'file'), '');
    expect(refusal(() => checkSite(site('a')))).toBe('none');
    expect(refusal(() => checkSite(site('a')))).toBe('none');
    expect(refusal(() => checkSite(site('none')))).toBe('site_path_missing');
    expect(refusal(() => checkSite(site('file')))).toBe('site_path_unusable');
    expect(refusal(() => checkSite({ name: 'x', path: '/proc' }))).toBe('site_path_unusable');
    chmodSync(path.join(dir, 'b'), 0o500);
    // Root may write there all the same.
    expect(refusal(() => checkSite(site('b')))).toBe(process.getuid?.() === 0 ? 'none' : 'site_path_unusable');
  });
});

describe('sites', () => {
  const check = (...names: readonly string[]): string =>
    refusal(() => checkApart(names.map(site), path.join(dir, 'data')));

  test('lie outside each other; what only begins with the same letters is outside', () => {
    expect(check('a', 'b', 'ab')).toBe('none');
    expect(check('a', 'a/inner')).toBe('site_path_overlaps');
    expect(check('a/inner', 'a')).toBe('site_path_overlaps');
    expect(check('a', 'link')).toBe('site_path_overlaps');
  });

  test('may lie in the data directory, but none may hold it', () => {
    expect(check('data/sites/c', 'a')).toBe('none');
    expect(check('data')).toBe('site_path_overlaps');
    expect(refusal(() => checkApart([{ name: 'root', path: '/' }], path.join(dir, 'data')))).toBe('site_path_overlaps');
  });
});
