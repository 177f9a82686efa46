import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { cloudKey, tokenCheck } from '../../lib/cloud/secrets.ts';
import { makeSigningKeys, publicKeyOf, signText, verifyText } from '../../lib/protocol/message.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

test.each([
  ['itself', { TIDEWAY_TOKEN: 'secret' }],
  ['its hash', { TIDEWAY_TOKEN_HASH: hash('secret') }],
  ['its hash, which comes first', { TIDEWAY_TOKEN_HASH: hash('secret'), TIDEWAY_TOKEN: 'other' }],
])('a token is known by %s', (_, env) => {
  const isToken = tokenCheck(env);
  expect(['secret', 'other', '', hash('secret')].map(isToken)).toEqual([true, false, false, false]);
});

test.each([
  [{}, 'setting_missing'],
  [{ TIDEWAY_TOKEN: '' }, 'setting_missing'],
  [{ TIDEWAY_TOKEN_HASH: 'ab' }, 'setting_invalid'],
  [{ TIDEWAY_TOKEN_HASH: 'z'.repeat(64) }, 'setting_invalid'],
])('without one nothing starts: %j', (env, code) => {
  expect(() => tokenCheck(env)).toThrow(expect.objectContaining({ code }));
});

test('the key of the backend is the one that is given, or follows from that of the bus', () => {
  const { privateKey } = makeSigningKeys();
  expect(cloudKey({ TIDEWAY_CLOUD_KEY: privateKey, TIDEWAY_BUS_SEND_KEY: 'k' })).toBe(privateKey);
  const [one, again, other] = ['k', 'k', 'another'].map((key) => cloudKey({ TIDEWAY_BUS_SEND_KEY: key }));
  expect(one).toBe(again);
  expect(publicKeyOf(other ?? '')).not.toBe(publicKeyOf(one ?? ''));
  const signature = signText('text', one ?? '');
  expect(verifyText('text', signature, publicKeyOf(one ?? ''))).toBe(true);
  expect(verifyText('text', signature, publicKeyOf(other ?? ''))).toBe(false);
  expect(() => cloudKey({})).toThrow(expect.objectContaining({ code: 'setting_missing' }));
});
