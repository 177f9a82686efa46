// DIR/hub.json: how others find a running hub. Ports are chosen once and kept, so that connection strings stay true.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { TidewayError } from '../../base/errors.ts';
import { parseFile } from './secrets.ts';
import { writeWhole } from './write-whole.ts';

const ports = z.object({
  hub: z.number(),
  tables: z.number(),
  files: z.number(),
  serviceBus: z.number(),
  eventGrid: z.number(),
  functions: z.number(),
  /** Azure Files by https, where that was asked for. */
  https: z.number().optional(),
});
export type Ports = z.infer<typeof ports>;

const processEntry = z.object({ role: z.string(), site: z.string().optional(), pid: z.number() });
export type ProcessEntry = z.infer<typeof processEntry>;

const hubFile = z.object({
  v: z.literal(1),
  url: z.string(),
  /** 0 while no hub runs. */
  pid: z.number(),
  host: z.string(),
  ports,
  group: z.string(),
  share: z.string(),
  sites: z.array(z.object({ name: z.string(), path: z.string() })),
  processes: z.array(processEntry),
});
export type HubFile = z.infer<typeof hubFile>;

function hubFilePath(data: string): string {
  return path.join(data, 'hub.json');
}

export function readHubFile(data: string): HubFile | undefined {
  const file = hubFilePath(data);
  if (!existsSync(file)) return undefined;
  return parseFile(
    file,
    hubFile,
    'Move the file away and start again with every --site: ports are chosen anew, nothing else is lost.',
  );
}

export function writeHubFile(data: string, value: HubFile): void {
  writeWhole(hubFilePath(data), `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Free ports for a new data directory; `hub` is the given one if any. */
export async function choosePorts(host: string, hub: number | undefined): Promise<Ports> {
  const [control, tables, files, serviceBus, eventGrid, functions] = await freePorts(host, 6);
  return ports.parse({ hub: hub ?? control, tables, files, serviceBus, eventGrid, functions });
}

/** All are held until all are found, so that none is given twice. */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, host, () => resolve(server));
        }),
    ),
  );
  const found = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

/** A port that somebody else has taken is said by name. */
export async function named<T>(what: string, port: number, start: Promise<T>): Promise<T> {
  try {
    return await start;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new TidewayError('port_in_use', `port ${port} (${what}) is in use or not allowed`, {
      path: String(port),
      hint: 'Stop the program that has it, or give another one with --port (hub) or in hub.json (services).',
      cause: error,
    });
  }
}
