import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShareServiceClient, StorageSharedKeyCredential, type ShareClient } from '@azure/storage-file-share';
import { openDatabase } from '../../../lib/base/sqlite.ts';
import { schema } from '../../../lib/local/files/schema.ts';
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

/** Starts and stops the service on `dir` until it has freed all that deletions left; the counts of rows afterwards. */
export async function swept(dir: string): Promise<Readonly<Record<string, number>>> {
  // The last one only removes files whose removal was under way when the process before it ended.
  for (let round = 0, done = 0; ; round++) {
    const service = await startFiles({ dir, account, retentionDays: 0 });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    await service.stop();
    const db = openDatabase(join(dir, 'files.db'), schema);
    const count = (table: string): number => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    const rows = Object.fromEntries(['node', 'past', 'content', 'snapshot', 'share'].map((t) => [t, count(t)]));
    const pending = Number(db.prepare('SELECT count(*) AS n FROM snapshot WHERE gone = 1').get()?.['n']);
    const left = pending + count('deleted_share');
    db.close();
    if (left === 0 && ++done === 2) return { ...rows, files: readdirSync(join(dir, 'contents')).length };
    if (round === 1000) throw new Error('the sweeper does not come to an end');
  }
}

/** Waits until `holds`; that it fails after a minute bounds a hang, not the work of a busy machine. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('condition was not reached within a minute');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
