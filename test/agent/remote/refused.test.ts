// Rights that the services do not take any more, in their own words: signed with a key that was rotated.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isRefused } from '../../../lib/agent/remote/refused.ts';
import { accepted } from '../../../lib/agent/remote/staging.ts';
import { filesRest } from '../../../lib/azure/rest/files.ts';
import { fileSas } from '../../../lib/azure/sign/file-sas.ts';
import { changeSender, rowReader } from '../../../lib/azure/site.ts';
import { startFiles, type FileService } from '../../../lib/local/files/service.ts';
import { startTables, type TableService } from '../../../lib/local/tables/service.ts';
import { rootKey } from '../../local/service-bus/fixture.ts';
import { startBench, tokenConnectionString, type Bench } from '../../local/service-bus/support.ts';

const account = { name: 'rotated', key: Buffer.alloc(64, 1).toString('base64') };
const old = Buffer.alloc(64, 2).toString('base64');
let files: FileService;
let tables: TableService;
let bus: Bench;

beforeAll(async () => {
  files = await startFiles({ dir: mkdtempSync(path.join(tmpdir(), 'tideway-refused-')), account });
  tables = await startTables({ file: ':memory:', account });
  bus = await startBench();
});
afterAll(async () => {
  await files.stop();
  await tables.stop();
  await bus.stop();
});

const errorOf = (act: Promise<unknown>): Promise<unknown> =>
  act.then(
    () => 'no error',
    (error: unknown) => error,
  );

test('rows', async () => {
  const rows = rowReader({ group: 'g', table: { url: tables.url, name: 'namespace', sas: 'sv=2019-02-02&sig=bm8=' } });
  expect(isRefused(await errorOf(rows.get('head')))).toBe(true);
  rows.close();
});

test('files; what is not there is no refusal', async () => {
  const sas = (key: string): string => {
    const [from, to] = [Date.now() - 60_000, Date.now() + 60_000];
    return fileSas({
      account: account.name,
      key: { key, expires: to },
      from,
      to,
      httpsOnly: false,
      share: 'docs',
      permissions: 'r',
    });
  };
  const read = async (key: string): Promise<unknown> => {
    const rest = filesRest(`${files.url}/docs`, { kind: 'sas', sas: sas(key) });
    const answer = await rest.call('GET', 'a.txt', [], {});
    rest.close();
    return accepted(answer, 'a.txt');
  };
  expect(isRefused(await errorOf(read(old)))).toBe(true);
  expect(isRefused(await errorOf(read(account.key)))).toBe(false);
});

test('messages; a service that does not answer is no refusal', async () => {
  const connection = tokenConnectionString(
    bus.service.port,
    'sessions',
    { ...rootKey, key: 'b2xk' },
    Date.now() + 60_000,
  );
  const changes = changeSender({ connection, queue: 'sessions' });
  expect(isRefused(await errorOf(changes.send('g', {})))).toBe(true);
  await changes.close();
  expect(isRefused(Object.assign(new Error('late'), { code: 'ServiceTimeout' }))).toBe(false);
});
