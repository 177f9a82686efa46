// What an agent may reach directly, each SAS narrowed to what it needs (DESIGN: one signer; by account key here).
import { createHmac } from 'node:crypto';
import { AzureNamedKeyCredential, generateTableSas } from '@azure/data-tables';
import {
  SASProtocol,
  ShareSASPermissions,
  StorageSharedKeyCredential,
  generateFileSASQueryParameters,
} from '@azure/storage-file-share';
import type { Signer } from '../cloud/access.ts';
import { fileSas } from './rest/file-sas.ts';
import type { Connections } from './settings.ts';

/** A SAS begins this long ago, because the clocks of agent and service differ. */
const earlyMs = 15 * 60 * 1000;

export function signerOf(connections: Connections, table: string): Signer {
  const { storage, serviceBus } = connections;
  const files = new StorageSharedKeyCredential(storage.name, storage.key);
  const bus = parseServiceBus(serviceBus);
  const protocol = storage.fileEndpoint.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
  return {
    readShare: (share, now, expires) => ({
      url: `${storage.fileEndpoint}/${share}`,
      sas: generateFileSASQueryParameters(
        {
          shareName: share,
          permissions: ShareSASPermissions.parse('r'),
          startsOn: new Date(now - earlyMs),
          expiresOn: new Date(expires),
          protocol,
        },
        files,
      ).toString(),
    }),
    writeFile: (share, path, now, expires) =>
      fileSas({
        account: storage.name,
        key: storage.key,
        share,
        path,
        permissions: 'rcw',
        from: now - earlyMs,
        to: expires,
        httpsOnly: protocol === SASProtocol.Https,
      }),
    readPartition: (group, now, expires) => ({
      url: storage.tableEndpoint,
      name: table,
      sas: generateTableSas(table, new AzureNamedKeyCredential(storage.name, storage.key), {
        permissions: { query: true },
        startsOn: new Date(now - earlyMs),
        expiresOn: new Date(expires),
        startPartitionKey: group,
        endPartitionKey: group,
      }),
    }),
    sendTo: (entity, expires) => busConnection(bus, entity, expires),
    listenTo: (entity, expires) => busConnection(bus, entity, expires),
  };
}

interface BusKey {
  readonly endpoint: string;
  readonly keyName: string;
  readonly key: string;
  readonly emulator: boolean;
}

function parseServiceBus(text: string): BusKey {
  const part = (name: string): string => new RegExp(`(?:^|;)${name}=([^;]*)`, 'i').exec(text)?.[1] ?? '';
  return {
    endpoint: part('Endpoint'),
    keyName: part('SharedAccessKeyName'),
    key: part('SharedAccessKey'),
    emulator: part('UseDevelopmentEmulator').toLowerCase() === 'true',
  };
}

/** A connection string that holds a token for one entity; the rights are those of the key's rule. */
function busConnection(bus: BusKey, entity: string, expires: number): string {
  const resource = `${bus.endpoint.replace(/\/$/, '')}/${entity}`;
  const encoded = encodeURIComponent(resource);
  const expiry = Math.floor(expires / 1000);
  const signature = createHmac('sha256', bus.key).update(`${encoded}\n${expiry}`).digest('base64');
  const token = `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${bus.keyName}`;
  const emulator = bus.emulator ? ';UseDevelopmentEmulator=true' : '';
  return `Endpoint=${bus.endpoint};SharedAccessSignature=${token}${emulator}`;
}
