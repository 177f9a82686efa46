// The share through the official client, with nothing but what `tideway env` prints.
import { ShareServiceClient, type ShareClient } from '@azure/storage-file-share';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import type { Workspace } from './workspace.ts';

export async function shareOf(space: Workspace): Promise<ShareClient> {
  const settings = await space.settings();
  const service = ShareServiceClient.fromConnectionString(settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '');
  return service.getShareClient(settings['TIDEWAY_SHARE'] ?? '');
}

/** ETag of every node below `dir`, by path; `.tideway` left out. */
export async function etagsOf(space: Workspace): Promise<Record<string, string>> {
  const share = await shareOf(space);
  const out: Record<string, string> = {};
  const enter = async (dir: string): Promise<void> => {
    const client = dir === '' ? share.rootDirectoryClient : share.getDirectoryClient(dir);
    for await (const entry of client.listFilesAndDirectories({ includeEtag: true })) {
      const name = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (name === '.tideway') continue;
      // A directory's ETag moves with what happens inside it: of those only the names count.
      out[name] = entry.kind === 'directory' ? 'directory' : (entry.properties.etag ?? '');
      if (entry.kind === 'directory') await enter(name);
    }
  };
  await enter('');
  return out;
}

/** The files in staging, of every endpoint, and when each was made. */
export async function stagedOf(space: Workspace): Promise<string[]> {
  const share = await shareOf(space);
  const out: string[] = [];
  const staging = share.getDirectoryClient('.tideway').getDirectoryClient('staging');
  for await (const endpoint of staging.listFilesAndDirectories()) {
    const slots = staging.getDirectoryClient(endpoint.name).listFilesAndDirectories({ includeTimestamps: true });
    for await (const { name, kind, properties } of slots)
      out.push(`${endpoint.name}/${name} made ${kind === 'file' ? properties.creationTime?.toISOString() : 'never'}`);
  }
  return out;
}

/** Tells Tideway which path was edited on the share, as an administrator's own program would. */
export async function announce(space: Workspace, path: string): Promise<void> {
  const settings = await space.settings();
  const topic = new EventGridPublisherClient(
    settings['EVENTGRID_TOPIC_ENDPOINT'] ?? '',
    'CloudEvent',
    new AzureKeyCredential(settings['EVENTGRID_TOPIC_KEY'] ?? ''),
    { allowInsecureConnection: true },
  );
  await topic.send([{ type: 'Tideway.ShareChanged', source: '/test', data: { path } }]);
}
