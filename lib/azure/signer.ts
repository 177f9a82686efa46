// What an agent may reach directly, each SAS narrowed to what it needs. One signer; Files and Tables each by the key of the
// account or by one that the identity asked for, as the settings say.
import type { Signer, SignerAt } from '../cloud/access.ts';
import { busConnection } from './sign/bus-sas.ts';
import { fileSas } from './sign/file-sas.ts';
import { keySource } from './sign/key-source.ts';
import { tableSas } from './sign/table-sas.ts';
import type { Connections } from './settings.ts';

/** A SAS begins this long ago, because the clocks of agent and service differ. */
const earlyMs = 15 * 60 * 1000;

export function signerOf(connections: Connections, table: string): SignerAt {
  const { files, tables, serviceBus: bus } = connections;
  const fileKeys = keySource(files);
  const tableKeys = keySource(tables);
  const httpsOnly = (endpoint: string): boolean => endpoint.startsWith('https:');
  return async (now, wanted): Promise<Signer> => {
    const [fileKey, tableKey] = await Promise.all([fileKeys.at(now), tableKeys.at(now)]);
    const expires = Math.min(wanted, fileKey.expires, tableKey.expires);
    const times = { from: now - earlyMs, to: expires };
    const ofFiles = { account: files.account, key: fileKey, ...times, httpsOnly: httpsOnly(files.endpoint) };
    const ofTables = { account: tables.account, key: tableKey, ...times, httpsOnly: httpsOnly(tables.endpoint) };
    return {
      expires,
      readShare: (share) => ({
        url: `${files.endpoint}/${share}`,
        sas: fileSas({ ...ofFiles, share, permissions: 'r' }),
      }),
      writeFile: (share, path) => fileSas({ ...ofFiles, share, path, permissions: 'rcw' }),
      readPartition: (group) => ({
        url: tables.endpoint,
        name: table,
        sas: tableSas({ ...ofTables, table, partition: group }),
      }),
      sendTo: (entity) => busConnection(bus.endpoint, bus.emulator, bus.send, entity, expires),
      listenTo: (entity) => busConnection(bus.endpoint, bus.emulator, bus.listen, entity, expires),
    };
  };
}
