import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { connectCloud, namespaceTable, provision } from '../../lib/azure/connect.ts';
import { filesRest } from '../../lib/azure/rest/files.ts';
import { readConnections } from '../../lib/azure/settings.ts';
import { tableOf } from './ports/official-table.ts';
import { startFiles } from '../../lib/local/files/service.ts';
import { startTables } from '../../lib/local/tables/service.ts';
import { MemoryShare } from '../support/memory-share.ts';
import { MemoryTable } from '../support/memory-table.ts';
import { shareContract } from './ports/share.ts';
import { tableContract } from './ports/table.ts';

const key = Buffer.alloc(64, 9).toString('base64');
const account = { name: 'ports', key };

async function world() {
  const dir = mkdtempSync(path.join(tmpdir(), 'ports-'));
  const tables = await startTables({ file: ':memory:', account });
  const files = await startFiles({ dir, account });
  const connections = readConnections({
    AZURE_STORAGE_CONNECTION_STRING: `AccountName=${account.name};AccountKey=${key};TableEndpoint=${tables.url};FileEndpoint=${files.url}`,
    SERVICEBUS_CONNECTION_STRING:
      'Endpoint=sb://localhost:1;SharedAccessKeyName=x;SharedAccessKey=eA==;UseDevelopmentEmulator=true',
    EVENTGRID_TOPIC_ENDPOINT: 'http://127.0.0.1:1/api/events',
    EVENTGRID_TOPIC_KEY: 'eA==',
  });
  await provision(connections, 'docs');
  const cloud = connectCloud(connections);
  const rest = filesRest(`${files.url}/docs`, { kind: 'key', account: account.name, key });
  return {
    ...cloud,
    connections,
    files,
    upload: async (at: string, content: Uint8Array, metadata: Readonly<Record<string, string>>) => {
      const meta = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]));
      const headers = { 'x-ms-type': 'file', 'x-ms-content-length': String(content.length), ...meta };
      const answer = await rest.call('PUT', at, [], headers, content);
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.code}`);
    },
    stop: async () => {
      rest.close();
      await cloud.close();
      await files.stop();
      await tables.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

shareContract('over REST, at the embedded service', async () => {
  const cloud = await world();
  const { upload, files, stop } = cloud;
  return {
    share: cloud.share('docs'),
    upload,
    stop,
    open: (at) => {
      const handle = files.smb.open({ share: 'docs', path: at, access: 'read' });
      return Promise.resolve(() => Promise.resolve(handle.close()));
    },
  };
});

shareContract('in memory', () => {
  let now = Date.UTC(2026, 0, 1);
  const memory = new MemoryShare(() => now++);
  return Promise.resolve({
    share: memory.client(),
    upload: (at, content, metadata) => {
      memory.upload(at, content, { metadata });
      return Promise.resolve();
    },
    open: (at) => {
      const close = memory.open(at);
      return Promise.resolve(() => Promise.resolve(close()));
    },
    stop: () => Promise.resolve(),
  });
});

tableContract('through the official client, at the embedded service', async () => {
  const { connections, stop } = await world();
  const { endpoint } = connections.tables;
  const credential = new AzureNamedKeyCredential(account.name, key);
  const client = new TableClient(endpoint, namespaceTable, credential, { allowInsecureConnection: true });
  return { table: tableOf(client), stop };
});

tableContract('over REST with a key, at the embedded service', async () => {
  const { table, stop } = await world();
  return { table, stop };
});

tableContract('in memory', () => Promise.resolve({ table: new MemoryTable().client(), stop: () => Promise.resolve() }));
