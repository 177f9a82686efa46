import { describe, expect, test } from '@jest/globals';
import { covers, pathOf, sasToken, verifyToken } from '../../../lib/local/service-bus/sas.ts';

const key = { name: 'a key', key: 'c2VjcmV0' };
const now = 1_700_000_000_000;
const token = sasToken('sb://host:5671/Sites/Subscriptions/site-003', key, now + 60_000);

test('a token grants what it was signed for, until its time', () => {
  expect(verifyToken(token, [key], now)).toEqual({
    scope: 'sites/subscriptions/site-003',
    claims: ['Send', 'Listen', 'Manage'],
    expiresAt: now + 60_000,
  });
  const listening = { ...key, claims: ['Listen'] as const };
  expect(verifyToken(token, [listening], now).claims).toEqual(['Listen']);
});

test('the signature is that of the documentation', () => {
  // HMAC-SHA256 over the encoded resource, a line feed and the expiry, made by another tool (openssl dgst).
  const signed = sasToken('sb://ns/q', { name: 'n', key: 'k' }, 1_700_000_000_000);
  expect(signed).toBe(
    'SharedAccessSignature sr=sb%3A%2F%2Fns%2Fq&sig=UUhMEO8%2B%2FyPnl5RTC%2BqLqL2nipzcLsDb5SEYLBT7VuU%3D&se=1700000000&skn=n',
  );
});

describe('refused', () => {
  const cases: [string, string][] = [
    ['past its time', sasToken('sb://h/q', key, now)],
    ['another key', sasToken('sb://h/q', { ...key, key: 'other' }, now + 1000)],
    ['an unknown name', sasToken('sb://h/q', { ...key, name: 'x' }, now + 1000)],
    ['a wider resource', token.replace('%2FSubscriptions%2Fsite-003', '')],
    ['a later end', token.replace(/se=\d+/, 'se=9999999999')],
    ['no signature', token.replace(/&sig=[^&]*/, '')],
    ['an end that is no number', token.replace(/se=\d+/, 'se=soon')],
    ['broken encoding', token.replace('skn=a%20key', 'skn=%')],
    ['another kind of token', 'Bearer abc'],
    ['nothing', ''],
  ];
  test.each(cases)('%s', (_, text) => {
    expect(() => verifyToken(text, [key], now)).toThrow(
      expect.objectContaining({ condition: 'amqp:unauthorized-access' }),
    );
  });
});

test('paths', () => {
  expect(pathOf('sb://localhost:1234/Changes/')).toBe('changes');
  expect(pathOf('https://h')).toBe('');
  expect(pathOf('q/$Management')).toBe('q/$management');
  expect([
    covers('', 'q'),
    covers('q', 'q'),
    covers('q', 'q/$management'),
    covers('q', 'q2'),
    covers('q/x', 'q'),
  ]).toEqual([true, true, true, false, false]);
});
