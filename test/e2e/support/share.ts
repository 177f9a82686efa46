// The share through the official client, with nothing but what `tideway env` prints.
import { createHash } from 'node:crypto';
import { ShareServiceClient, type ShareClient, type ShareDirectoryClient } from '@azure/storage-file-share';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { apiVersion } from '../../../lib/azure/rest/files.ts';
import { sharedKey } from '../../../lib/azure/rest/shared-key.ts';
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

/** The content of every file in trash. */
export async function* trashOf(space: Workspace): AsyncIterable<Buffer> {
  async function* enter(dir: ShareDirectoryClient): AsyncIterable<Buffer> {
    for await (const { kind, name } of dir.listFilesAndDirectories()) {
      if (kind === 'directory') yield* enter(dir.getDirectoryClient(name));
      else yield await dir.getFileClient(name).downloadToBuffer();
    }
  }
  yield* enter((await shareOf(space)).getDirectoryClient('.tideway/trash'));
}

/** SHA-256 of every file in trash. */
export async function hashesInTrash(space: Workspace): Promise<ReadonlySet<string>> {
  const out = new Set<string>();
  for await (const bytes of trashOf(space)) out.add(createHash('sha256').update(bytes).digest('hex'));
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

/** One call of an SMB client on the share (lib/local/files/smb-over-http.ts tells the verbs). */
export async function smb(
  space: Workspace,
  verb: string,
  args: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const settings = await space.settings();
  const connection = settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '';
  const part = (name: string): string => new RegExp(`${name}=([^;]+)`).exec(connection)?.[1] ?? '';
  const url = new URL(`${part('FileEndpoint')}/$smb/${verb}`);
  const body = Buffer.from(JSON.stringify({ share: settings['TIDEWAY_SHARE'], ...args }));
  const headers: Record<string, string> = {
    'x-ms-version': apiVersion,
    'x-ms-date': new Date().toUTCString(),
    'content-length': String(body.length),
  };
  const key = { kind: 'key', account: part('AccountName'), key: part('AccountKey') } as const;
  headers['authorization'] = sharedKey(key, 'POST', url.pathname, [], headers);
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${verb}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
