import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShareServiceClient, StorageSharedKeyCredential, type ShareClient } from '@azure/storage-file-share';
import { startFiles, type FileService, type FilesOptions } from '../../../lib/local/files/service.ts';

export const account = { name: 'tideway', key: Buffer.alloc(64, 7).toString('base64') };
export const credential = new StorageSharedKeyCredential(account.name, account.key);

/** A service on a fresh directory, the official client for it, and a share. */
export interface World {
  readonly dir: string;
  readonly service: FileService;
  readonly client: ShareServiceClient;
  readonly share: ShareClient;
  stop(): Promise<void>;
}

export async function world(options: Partial<FilesOptions> = {}): Promise<World> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'tideway-files-'));
  const service = await startFiles({ dir, account, ...options });
  const client = clientOf(service.url);
  const share = client.getShareClient('team');
  // Connections to an earlier service on the same port may still be in the client's pool: this call may meet one.
  const patient = new ShareServiceClient(service.url, credential, { retryOptions: { retryDelayInMs: 1 } });
  await patient.getShareClient('team').createIfNotExists();
  return {
    dir,
    service,
    client,
    share,
    async stop() {
      await service.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The official client without retries and with trailing dots, as the product makes it. */
export function clientOf(url: string): ShareServiceClient {
  return new ShareServiceClient(url, credential, {
    retryOptions: { maxTries: 1 },
    allowTrailingDot: true,
    allowSourceTrailingDot: true,
  });
}

/** The error code of what `work` is refused with; 'none' if it is not. */
export async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
    throw error;
  }
}

export async function contentOf(share: ShareClient, path: string): Promise<Buffer> {
  return share.rootDirectoryClient.getFileClient(path).downloadToBuffer();
}

/** Waits until `holds`; fails after five seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('condition was not reached within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
