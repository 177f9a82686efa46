// How a command asks its hub, and what it says when there is none or it does not answer.
import { mkdtempSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { askHub } from '../../lib/cli/client.ts';
import { writeEnv } from '../../lib/local/hub/env-file.ts';
import { writeHubFile } from '../../lib/local/hub/hub-file.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A data directory whose hub answers as `listener` says. */
async function dataOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const hub = typeof address === 'object' && address !== null ? address.port : 0;
  const data = mkdtempSync(path.join(tmpdir(), 'tideway-client-'));
  const ports = { hub, tables: 1, files: 1, serviceBus: 1, eventGrid: 1, functions: 1 };
  const url = `http://127.0.0.1:${hub}`;
  writeHubFile(data, {
    v: 1,
    url,
    pid: process.pid,
    host: '127.0.0.1',
    ports,
    group: 'g',
    share: 'g',
    sites: [],
    processes: [],
  });
  writeEnv(data, { TIDEWAY_TOKEN: 'secret' });
  return data;
}

test('the hub is asked with its token, and its answer is told', async () => {
  const data = await dataOf((request, response) => {
    response.end(JSON.stringify([request.method, request.url, request.headers['x-tideway-token']]));
  });
  expect(await askHub(data, 'POST', '/hub/wait?timeoutMs=5', 5_000)).toEqual([
    'POST',
    '/hub/wait?timeoutMs=5',
    'secret',
  ]);
});

test('its refusal is told with its code', async () => {
  const data = await dataOf((_request, response) => {
    response.writeHead(500).end(JSON.stringify({ code: 'site_unknown', message: 'there is no site x' }));
  });
  await expect(askHub(data, 'GET', '/', 5_000)).rejects.toMatchObject({ code: 'site_unknown' });
});

test('a hub that does not answer in time is silent, not down', async () => {
  const data = await dataOf(() => {});
  await expect(askHub(data, 'GET', '/', 50)).rejects.toMatchObject({ code: 'hub_silent' });
});

test('an answer that breaks off, and a hub that nobody hears, are one that is down', async () => {
  const data = await dataOf((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{');
    setImmediate(() => response.destroy());
  });
  await expect(askHub(data, 'GET', '/', 5_000)).rejects.toMatchObject({ code: 'hub_down' });
  servers[0]?.closeAllConnections();
  servers[0]?.close();
  await expect(askHub(data, 'GET', '/', 5_000)).rejects.toMatchObject({ code: 'hub_down' });
});
