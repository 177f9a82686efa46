// Tables and shares that a topology names, made by the official clients. Repeating it changes nothing.
import { TableServiceClient } from '@azure/data-tables';
import { ShareServiceClient } from '@azure/storage-file-share';

export interface Containers {
  readonly tables: readonly string[];
  readonly shares: readonly string[];
}

/** `connection` is a storage connection string that names the endpoints of what is to be made. */
export async function makeContainers(connection: string, { tables, shares }: Containers): Promise<void> {
  if (tables.length > 0) {
    const allowInsecureConnection = connection.startsWith('DefaultEndpointsProtocol=http;');
    const service = TableServiceClient.fromConnectionString(connection, { allowInsecureConnection });
    for (const name of tables) await service.createTable(name);
  }
  if (shares.length > 0) {
    const service = ShareServiceClient.fromConnectionString(connection);
    for (const name of shares) await service.getShareClient(name).createIfNotExists();
  }
}
