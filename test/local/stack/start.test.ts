// Services and an app started in this process: what is told of an app that is wrong, and the fault switches.
import { afterEach, expect, jest, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silent } from '../../../lib/base/log.ts';
import type { ServiceName } from '../../../lib/local/stack/services.ts';
import { type Stack, startStack } from '../../../lib/local/stack/stack.ts';
import { emptyTopology } from '../../../lib/local/stack/topology.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(path.join(tmpdir(), 'stack-start-'));
const data = path.join(folder, 'data');
let stack: Stack | undefined;

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  services: readonly ServiceName[],
  more: { app?: string; faultSeed?: number } = {},
): Promise<Stack> {
  const options = { topology: emptyTopology, timeScale: 0.01, environment: {}, log: () => silent };
  stack = await startStack({ data, services: new Set(services), ...options, ...more });
  return stack;
}

function appOf(host: string, code: string): string {
  const dir = path.join(folder, 'app');
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'host.json'), host);
  writeFileSync(path.join(dir, 'package.json'), '{"main":"index.js"}');
  writeFileSync(path.join(dir, 'index.js'), `const { app } = require('@azure/functions');\n${code}`);
  symlinkSync(path.join(import.meta.dirname, '../../../node_modules'), path.join(dir, 'node_modules'));
  return dir;
}

test('what is wrong with one function is told, and the others run', async () => {
  const app = appOf(
    '{"version":"2.0"}',
    `app.http('fine', { authLevel: 'anonymous', handler: () => ({ body: 'here' }) });
     app.serviceBusQueue('lost', { connection: 'Nowhere', queueName: 'q', handler: () => {} });`,
  );
  const { url, problems, settings } = await start(['functions'], { app });
  expect(problems).toEqual([expect.stringMatching(/^function lost: .*'Nowhere'/)]);
  expect(await (await fetch(`${url}/api/fine`)).text()).toBe('here');
  expect(Object.keys(settings).filter((name) => !name.startsWith('FUNCTIONS_'))).toEqual([]);
});

test.each([
  ['a host.json that makes no sense', '{"version":"2.0","extensions":{"http":{"routePrefix":2}}}', '', 'app_invalid'],
  ['an app that throws', '{"version":"2.0"}', 'throw new Error("not today");', 'app_load_failed'],
])('%s stops the start, and lets go of everything', async (_, host, code, error) => {
  const app = appOf(host, code);
  await expect(start(['tables', 'functions'], { app })).rejects.toMatchObject({ code: error });
  const { settings } = await start(['tables']);
  expect(Object.keys(settings)).toEqual(['AZURE_STORAGE_CONNECTION_STRING']);
});

test('the fault switches are there where they were asked for', async () => {
  const { url } = await start(['tables'], { faultSeed: 1 });
  const { url: admin, token } = JSON.parse(readFileSync(path.join(data, 'faults.json'), 'utf8')) as Record<
    string,
    string
  >;
  const fault = { kind: 'status', status: 503, code: 'ServerBusy', when: 'before' };
  const headers = { authorization: `Bearer ${token}` };
  const told = await fetch(admin ?? '', {
    method: 'POST',
    headers,
    body: JSON.stringify({ on: 'tables', line: 'Tables', fault }),
  });
  expect(told.status).toBeLessThan(300);
  const statuses = [await fetch(`${url}/tideway/Tables`), await fetch(`${url}/tideway/Tables`)].map(
    ({ status }) => status,
  );
  expect(statuses).toEqual([503, 403]);
});
