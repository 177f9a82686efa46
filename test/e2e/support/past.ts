import type { ShareClient, ShareDirectoryClient } from '@azure/storage-file-share';
import { hashOf } from '../../support/endpoint.ts';

/** Hash of every file of a snapshot by its path, as the rows of nodes have it; directories end in `/`. By the official client. */
export async function past(share: ShareClient, id: string): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  const enter = async (dir: ShareDirectoryClient, at: string): Promise<void> => {
    for await (const { kind, name } of dir.listFilesAndDirectories()) {
      if (at === '' && name === '.tideway') continue;
      if (kind === 'directory') {
        out[`${at}${name}/`] = '';
        await enter(dir.getDirectoryClient(name), `${at}${name}/`);
      } else out[`${at}${name}`] = hashOf(await dir.getFileClient(name).downloadToBuffer());
    }
  };
  await enter(share.withSnapshot(id).rootDirectoryClient, '');
  return out;
}
