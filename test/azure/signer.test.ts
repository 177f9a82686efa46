// One signer, two ways for each service: what it signs is taken by the embedded services for exactly what it says.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectCloud } from '../../lib/azure/connect.ts';
import { filesRest } from '../../lib/azure/rest/files.ts';
import { tableRest } from '../../lib/azure/rest/tables.ts';
import { readConnections } from '../../lib/azure/settings.ts';
import { signerOf } from '../../lib/azure/signer.ts';
import type { Signer } from '../../lib/cloud/access.ts';
import { startFiles, type FileService } from '../../lib/local/files/service.ts';
import { startTables, type TableService } from '../../lib/local/tables/service.ts';
import { issueToken, type Role } from '../../lib/local/token.ts';

const account = { name: 'signer', key: Buffer.alloc(64, 3).toString('base64') };
const day = 24 * 3600_000;
const trusted = tls.getCACertificates('default');
let dir: string;
let files: FileService;
let tables: TableService;
let provider: Server;
let roles: readonly Role[];
let asked: string[];

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-signer-'));
  files = await startFiles({ dir, account, httpsPort: 0 });
  tables = await startTables({ file: ':memory:', account });
  tls.setDefaultCACertificates([...trusted, files.secure?.certificate ?? '']);
  provider = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    asked.push(query.get('resource') ?? '');
    if (request.headers['x-identity-header'] !== 'header' || query.get('client_id') !== 'client') {
      response.writeHead(403).end();
      return;
    }
    const expires = Date.now() + day;
    const identity = {
      oid: '33333333-3333-4333-8333-333333333333',
      tid: '44444444-4444-4444-8444-444444444444',
      roles,
    };
    const access_token = issueToken(account, identity, Date.now(), expires);
    response.end(JSON.stringify({ access_token, expires_on: String(Math.floor(expires / 1000)) }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  roles = ['read', 'write', 'manage', 'delegate'];
  asked = [];
});
afterAll(async () => {
  tls.setDefaultCACertificates(trusted);
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
  await files.stop();
  await tables.stop();
  rmSync(dir, { recursive: true });
});

/** The settings of an app in Azure (infra/modules/settings.bicep). */
function settings(filesSigning: string, tablesSigning: string): Record<string, string> {
  return {
    IDENTITY_ENDPOINT: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/msi/token`,
    IDENTITY_HEADER: 'header',
    AZURE_CLIENT_ID: 'client',
    TIDEWAY_FILES_ENDPOINT: `${files.secure?.url}/`,
    TIDEWAY_FILES_SIGNING: filesSigning,
    TIDEWAY_TABLES_ENDPOINT: tables.url,
    TIDEWAY_TABLES_SIGNING: tablesSigning,
    ...(filesSigning === 'accountKey' ? { TIDEWAY_FILES_KEY: account.key } : {}),
    ...(tablesSigning === 'accountKey' ? { TIDEWAY_TABLES_KEY: account.key } : {}),
    SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace: 'sb-x.servicebus.windows.net',
    TIDEWAY_BUS_SEND_KEY: 'send',
    TIDEWAY_BUS_LISTEN_KEY: 'listen',
    EVENTGRID_TOPIC_ENDPOINT: 'https://topic.example/api/events',
  };
}

const ways = ['userDelegation', 'accountKey'];
const matrix = ways.flatMap((ofFiles) => ways.map((ofTables) => ({ ofFiles, ofTables })));

describe.each(matrix)('files by $ofFiles, tables by $ofTables', ({ ofFiles, ofTables }) => {
  let signer: Signer;
  const world = () => connectCloud(readConnections(settings(ofFiles, ofTables)));

  beforeAll(async () => {
    roles = ['read', 'write', 'manage', 'delegate'];
    asked = [];
    const cloud = world();
    const share = filesRest(`${files.url}/docs`, { kind: 'key', account: account.name, key: account.key });
    await share.call('PUT', '', [['restype', 'share']], {});
    share.close();
    // With an identity, our own requests carry its tokens.
    const token = issueToken(account, { oid: 'o', tid: 't', roles }, Date.now(), Date.now() + day);
    const made = await fetch(`${tables.url}/Tables`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-ms-version': '2020-12-06' },
      body: JSON.stringify({ TableName: 'namespace' }),
    });
    expect([201, 409]).toContain(made.status);
    for (const group of ['team', 'other'])
      await cloud.table.transact(group, [{ do: 'insert', key: `${ofFiles}-${ofTables}`, value: { group } }]);
    await cloud.close();
    signer = await signerOf(readConnections(settings(ofFiles, ofTables)), 'namespace')(
      Date.now(),
      Date.now() + 7 * day,
    );
  });

  test('nothing is signed for longer than the key is good', () => {
    const delegated = ofFiles === 'userDelegation' || ofTables === 'userDelegation';
    const left = signer.expires - Date.now();
    expect(left).toBeLessThanOrEqual(delegated ? 7 * day - 14 * 60_000 : 7 * day);
    expect(left).toBeGreaterThan(6 * day);
  });

  test('a file may be written where it was said, and nowhere else; the share is read', async () => {
    const own = `${ofFiles}-${ofTables}.txt`;
    const write = signer.writeFile('docs', own);
    const read = signer.readShare('docs');
    const rest = filesRest(`${files.secure?.url}/docs`, { kind: 'sas', sas: write });
    const reader = filesRest(read.url, { kind: 'sas', sas: read.sas });
    try {
      const headers = { 'x-ms-type': 'file', 'x-ms-content-length': '4' };
      const made = await rest.call('PUT', own, [], headers, Buffer.from('text'));
      expect([made.status, made.code]).toEqual([201, '']);
      expect((await rest.call('PUT', 'other.txt', [], headers, Buffer.from('text'))).status).toBe(403);
      expect((await reader.call('GET', own, [], {})).body.toString()).toBe('text');
      expect((await reader.call('DELETE', own, [], {})).status).toBe(403);
    } finally {
      rest.close();
      reader.close();
    }
  });

  test('rows of the group are read, and no others', async () => {
    const { url, name, sas } = signer.readPartition('team');
    const table = tableRest(url, name, { kind: 'sas', sas });
    const cloud = world();
    try {
      const key = `${ofFiles}-${ofTables}`;
      expect((await table.get('team', key))?.value).toEqual({ group: 'team' });
      expect(await table.get('other', key)).toBeUndefined();
      await expect(table.transact('team', [{ do: 'insert', key: 'new', value: {} }])).rejects.toThrow(/403/);
      expect((await cloud.table.get('other', key))?.value).toEqual({ group: 'other' });
    } finally {
      table.close();
      await cloud.close();
    }
  });

  test('Service Bus by the keys of its two rules', () => {
    expect(signer.sendTo('changes')).toMatch(
      /^Endpoint=sb:\/\/sb-x\.servicebus\.windows\.net\/;.*%2Fchanges&.*&skn=agent-send$/,
    );
    expect(signer.listenTo('sites/Subscriptions/site-001')).toMatch(/&skn=agent-listen$/);
  });
});

describe('keys to sign with', () => {
  const requests = (): number => files.counters.requests['GetUserDelegationKey'] ?? 0;

  test('are asked for once a day, and tokens when they end', async () => {
    const sign = signerOf(readConnections(settings('userDelegation', 'accountKey')), 'namespace');
    const before = requests();
    const now = Date.now() - day;
    await Promise.all([sign(now, now + day), sign(now + 1, now + day)]);
    await sign(now + day - 1, now + 2 * day);
    expect([requests() - before, asked]).toEqual([1, ['https://storage.azure.com']]);
    expect((await sign(now + day, now + day + 3600_000)).expires).toBeGreaterThan(now);
    expect(requests() - before).toBe(2);
  });

  test('that are refused are told, and asked for again', async () => {
    const sign = signerOf(readConnections(settings('userDelegation', 'accountKey')), 'namespace');
    roles = ['read', 'write'];
    await expect(sign(Date.now(), Date.now() + day)).rejects.toMatchObject({ code: 'delegation_refused' });
    const again = signerOf(readConnections(settings('userDelegation', 'accountKey')), 'namespace');
    roles = ['delegate'];
    await expect(again(Date.now(), Date.now() + day)).resolves.toHaveProperty('expires');
  });

  test('an identity that the app does not have', async () => {
    const env = { ...settings('userDelegation', 'accountKey'), IDENTITY_HEADER: 'wrong' };
    const sign = signerOf(readConnections(env), 'namespace');
    await expect(sign(Date.now(), Date.now() + day)).rejects.toMatchObject({ code: 'identity_refused' });
  });
});

describe('settings', () => {
  test.each([
    ['TIDEWAY_FILES_SIGNING', 'by hand', 'setting_invalid'],
    ['TIDEWAY_TABLES_KEY', '', 'setting_missing'],
    ['TIDEWAY_FILES_ENDPOINT', '', 'setting_missing'],
    ['TIDEWAY_BUS_SEND_KEY', '', 'setting_missing'],
    ['SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace', '', 'setting_missing'],
    ['EVENTGRID_TOPIC_ENDPOINT', '', 'setting_missing'],
  ])('%s = %j is refused by its name', (name, value, code) => {
    const env = { ...settings('userDelegation', 'accountKey'), [name]: value };
    expect(() => readConnections(env)).toThrow(expect.objectContaining({ code, path: name }));
  });

  test('without an identity a delegated key cannot be had', () => {
    const env = {
      ...settings('userDelegation', 'accountKey'),
      EVENTGRID_TOPIC_KEY: 'k',
      SERVICEBUS_CONNECTION_STRING: 'Endpoint=sb://x/',
    };
    const without = { ...env, TIDEWAY_FILES_KEY: account.key, IDENTITY_ENDPOINT: '' };
    expect(() => readConnections(without)).toThrow(
      expect.objectContaining({ code: 'setting_invalid', path: 'TIDEWAY_FILES_SIGNING' }),
    );
  });
});
