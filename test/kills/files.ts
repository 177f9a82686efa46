import { ShareServiceClient } from '@azure/storage-file-share';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Victim, fixedPort, lanes, must, torture } from './victim.ts';

const sizes = [0, 100, 70_000, 300_000];

/** Files created, renamed and deleted: what was acknowledged is so, and no content is half there. */
export async function killFiles(dir: string, kills: number, load: number): Promise<number> {
  const topology = path.join(dir, 'topology.json');
  writeFileSync(topology, JSON.stringify({ shares: ['kills'] }));
  const data = path.join(dir, 'data');
  const victim = new Victim({ dir: data, port: fixedPort(4), args: ['--only', 'files', '--topology', topology] });
  /** What is known of a name for certain; names under way at a kill are not here. */
  const known = new Map<string, Buffer | undefined>();
  const root = () =>
    ShareServiceClient.fromConnectionString(victim.settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '', {
      retryOptions: { maxTries: 1 },
    }).getShareClient('kills').rootDirectoryClient;
  const contentOf = (n: number): Buffer => Buffer.alloc(sizes[n % sizes.length] ?? 0, `content ${n} `);
  const work = lanes(6, async (lane, n) => {
    const name = `${lane}-${n}`;
    const content = contentOf(n);
    const file = root().getFileClient(name);
    await file.create(content.length, content.length === 0 ? {} : { content, contentLength: content.length });
    if (n % 3 === 1) {
      await file.rename(`${name}-moved`);
      known.set(`${name}-moved`, content);
      known.set(name, undefined);
    } else if (n % 5 === 2) {
      await file.delete();
      known.set(name, undefined);
    } else known.set(name, content);
  });
  const verify = async (): Promise<void> => {
    const found = new Map<string, number | undefined>();
    for await (const item of root().listFilesAndDirectories())
      if (item.kind === 'file') found.set(item.name, item.properties.contentLength);
    const wrong = [...known].filter(([name, content]) => found.get(name) !== content?.length).map(([name]) => name);
    must(wrong.length === 0, 'acknowledged, and not so', wrong);
    for (const [name, size] of found) {
      const content = contentOf(Number(name.split('-')[1]));
      const got = size === 0 ? Buffer.alloc(0) : await root().getFileClient(name).downloadToBuffer();
      must(got.equals(content), 'content in part', [name, size]);
    }
  };
  return torture(victim, { ...work, acknowledged: () => known.size, verify }, kills, load);
}
