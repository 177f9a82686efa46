// What a connection's name means, as the settings of an app say it. What the clients do is in test/contract/identity.test.ts
// and, of a whole app, in test/e2e/package.test.ts.
import { expect, test } from '@jest/globals';
import { AppSettings } from '../../../lib/local/functions-host/app-settings.ts';
import { connectionOf } from '../../../lib/local/functions-host/service-bus/connection.ts';

const identity = { IDENTITY_ENDPOINT: 'http://127.0.0.1:9/msi/token', IDENTITY_HEADER: 'x' };
const family = { Bus__fullyQualifiedNamespace: 'localhost:1', Bus__credential: 'managedidentity', Bus__clientId: 'a' };
const key = 'Endpoint=sb://by-key/;SharedAccessKeyName=n;SharedAccessKey=a2V5';

const namespaceOf = (settings: Readonly<Record<string, string>>): string =>
  connectionOf(new AppSettings(settings), 'Bus')().fullyQualifiedNamespace;

test('a string, or a family of settings for an identity; with AzureWebJobs before it first', () => {
  expect(namespaceOf({ Bus: key })).toBe('by-key');
  expect(namespaceOf({ ...identity, ...family })).toBe('localhost');
  const ofHost = Object.fromEntries(Object.entries(family).map(([name, value]) => [`AzureWebJobs${name}`, value]));
  expect(namespaceOf({ ...identity, ...ofHost, Bus: key })).toBe('localhost');
  expect(namespaceOf({ ...identity, ...family, Bus: key })).toBe('by-key');
});

test('what is missing is said by name', () => {
  expect(() => namespaceOf({})).toThrow(expect.objectContaining({ code: 'connection_missing' }));
  const noIdentity = expect.objectContaining({ code: 'identity_missing', path: 'Bus__credential' }) as unknown as Error;
  expect(() => namespaceOf(family)).toThrow(noIdentity);
  expect(() => namespaceOf({ ...identity, ...family, Bus__credential: '' })).toThrow(noIdentity);
});
