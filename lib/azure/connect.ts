// The one connection factory: only here do cloud and embedded differ. An endpoint over plain http is an embedded one, and
// the official clients have to be told so.
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { ShareServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-share';
import { must } from '../base/errors.ts';
import type { Changes, Events, Share, Sites, Table } from '../cloud/ports.ts';
import { busClient } from './bus.ts';
import { tokenSource, type Identity } from './identity.ts';
import { changesOf, eventsOf, sitesOf } from './messages.ts';
import { filesRest, type FilesRest } from './rest/files.ts';
import { tableRest } from './rest/tables.ts';
import type { Credential } from './rest/shared-key.ts';
import { storageResource, type Connections, type StorageService } from './settings.ts';
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
  const { files, tables, eventGrid, serviceBus } = connections;
  const insecure = (url: string): { allowInsecureConnection: boolean } => ({
    allowInsecureConnection: url.startsWith('http:'),
  });
  const table = tableRest(tables.endpoint, namespaceTable, credentialOf(tables));
  const grid = new EventGridPublisherClient(
    eventGrid.endpoint,
    'CloudEvent',
    eventGrid.key === undefined ? tokens(eventGrid.identity) : new AzureKeyCredential(eventGrid.key),
    insecure(eventGrid.endpoint),
  );
  const bus = busClient(serviceBus);
  const shares = new Map<string, { share: Share; close(): void }>();
  let allShares: FilesRest | undefined;
  return {
    table,
    share: (name) => {
      let known = shares.get(name);
      if (known === undefined) {
        const credential = credentialOf(files);
        const rest = filesRest(`${files.endpoint}/${name}`, credential);
        allShares ??= filesRest(files.endpoint, credential, 4);
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

/** By identity wherever there is one. */
function credentialOf({ account, key, identity }: StorageService): Exclude<Credential, { kind: 'sas' }> {
  if (identity === undefined) return { kind: 'key', account, key: must(key, 'neither key nor identity') };
  return { kind: 'token', token: async () => (await identity.token(storageResource)).token };
}

function tokens(identity: Identity | undefined): ReturnType<typeof tokenSource> {
  return tokenSource(must(identity, 'neither key nor identity'));
}

/** Makes what a group needs before anything of ours runs: the table and the share. In Azure, deployment makes them. */
export async function provision(connections: Connections, share: string): Promise<void> {
  const { files, tables } = connections;
  const keyOf = ({ key }: StorageService): string => must(key, 'embedded services are reached by key');
  const credential = new AzureNamedKeyCredential(tables.account, keyOf(tables));
  const options = { allowInsecureConnection: tables.endpoint.startsWith('http:') };
  await new TableClient(tables.endpoint, namespaceTable, credential, options).createTable();
  const shares = new StorageSharedKeyCredential(files.account, keyOf(files));
  await new ShareServiceClient(files.endpoint, shares).getShareClient(share).createIfNotExists();
}
