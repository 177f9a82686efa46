// The one connection factory: only here do cloud and embedded differ. An endpoint over plain http is an embedded one, and
// the official clients have to be told so.
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { ServiceBusClient } from '@azure/service-bus';
import { ShareServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-share';
import type { Changes, Events, Share, Sites, Table } from '../cloud/ports.ts';
import { changesOf, eventsOf, sitesOf } from './messages.ts';
import { filesRest, type FilesRest } from './rest/files.ts';
import { tableRest } from './rest/tables.ts';
import type { Connections } from './settings.ts';
import { shareOf } from './share.ts';
import { snapshotsOf } from './snapshots.ts';

export interface World {
  readonly table: Table;
  share(name: string): Share;
  readonly events: Events;
  readonly sites: Sites;
  readonly changes: Changes;
  close(): Promise<void>;
}

export const namespaceTable = 'namespace';

export function connectCloud(connections: Connections): World {
  const { storage, eventGrid } = connections;
  const insecure = (url: string): { allowInsecureConnection: boolean } => ({
    allowInsecureConnection: url.startsWith('http:'),
  });
  const { name: account, key, tableEndpoint } = storage;
  const table = tableRest(tableEndpoint, namespaceTable, { kind: 'key', account, key });
  const grid = new EventGridPublisherClient(
    eventGrid.endpoint,
    'CloudEvent',
    new AzureKeyCredential(eventGrid.key),
    insecure(eventGrid.endpoint),
  );
  const bus = new ServiceBusClient(connections.serviceBus);
  const shares = new Map<string, { share: Share; close(): void }>();
  let allShares: FilesRest | undefined;
  return {
    table,
    share: (name) => {
      let known = shares.get(name);
      if (known === undefined) {
        const credential = { kind: 'key', account: storage.name, key: storage.key } as const;
        const rest = filesRest(`${storage.fileEndpoint}/${name}`, credential);
        allShares ??= filesRest(storage.fileEndpoint, credential, 4);
        known = { share: { ...shareOf(rest), ...snapshotsOf(allShares, name) }, close: () => rest.close() };
        shares.set(name, known);
      }
      return known.share;
    },
    events: eventsOf(grid),
    sites: sitesOf(bus),
    changes: changesOf(bus),
    close: async () => {
      for (const known of shares.values()) known.close();
      allShares?.close();
      table.close();
      await bus.close();
    },
  };
}

/** Makes what a group needs before anything of ours runs: the table and the share. Repeating it changes nothing. */
export async function provision(connections: Connections, share: string): Promise<void> {
  const { storage } = connections;
  const table = new TableClient(
    storage.tableEndpoint,
    namespaceTable,
    new AzureNamedKeyCredential(storage.name, storage.key),
    { allowInsecureConnection: storage.tableEndpoint.startsWith('http:') },
  );
  await table.createTable();
  const credential = new StorageSharedKeyCredential(storage.name, storage.key);
  await new ShareServiceClient(storage.fileEndpoint, credential).getShareClient(share).createIfNotExists();
}
