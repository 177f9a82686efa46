import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { must } from '../../../lib/base/errors.ts';
import { Accounts, fileAccounts, nativeAccounts } from '../../../lib/agent/fs/accounts.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';

const nobodyHas = 3_999_999_999;

test.each([
  ['the name service', nativeAccounts(must(loadNative(), 'the addon is built'))],
  ['files', fileAccounts()],
])('%s knows who there is, and says of nobody else that he is', async (_, source) => {
  const { username, uid, gid } = userInfo();
  const group = execFileSync('id', ['-gn']).toString().trim();
  expect(await source.nameOf('user', uid)).toBe(username);
  expect(await source.idOf('user', username)).toBe(uid);
  expect(await source.nameOf('group', gid)).toBe(group);
  expect(await source.idOf('group', group)).toBe(gid);
  for (const kind of ['user', 'group'] as const) {
    expect(await source.nameOf(kind, nobodyHas)).toBeUndefined();
    expect(await source.idOf(kind, 'nobody-has-this-name')).toBeUndefined();
  }
});

test('an owner is a name, else a number; and what is one comes back as it was', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tideway-accounts-'));
  const passwd = join(dir, 'passwd');
  writeFileSync(passwd, 'anna:x:1001:1001::/home/anna:/bin/sh\n\nbroken\n77:x:1002:1002:::\n');
  let now = 0;
  const accounts = new Accounts(fileAccounts(passwd, join(dir, 'none')), () => now);
  expect(await accounts.textOf('user', 1001)).toBe('anna');
  expect(await accounts.textOf('user', 5)).toBe('5');
  // A name of digits would be taken for a number elsewhere.
  expect(await accounts.textOf('user', 1002)).toBe('1002');
  expect([await accounts.idOf('user', 'anna'), await accounts.idOf('user', '5')]).toEqual([1001, 5]);
  expect(await accounts.idOf('user', 'berta')).toBeUndefined();
  expect(await accounts.idOf('user', '4294967294')).toBe(4_294_967_294);
  expect(await accounts.idOf('user', '4294967295')).toBeUndefined();
  await expect(accounts.textOf('group', 1)).rejects.toMatchObject({ code: 'ENOENT' });
  writeFileSync(passwd, 'berta:x:1001:1001:::\n');
  now = 59_999;
  expect(await accounts.textOf('user', 1001)).toBe('anna');
  now = 60_000;
  expect([await accounts.textOf('user', 1001), await accounts.idOf('user', 'berta')]).toEqual(['berta', 1001]);
  rmSync(dir, { recursive: true });
});
