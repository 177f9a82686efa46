// What no file sync over a share can go below on this machine, in the same run: a copy; the three requests that every file
// takes, against a server that does nothing else; and reading and copying the large file.
import { ShareFileClient } from '@azure/storage-file-share';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import type { Sizes } from '../options.ts';
import { runToEnd } from '../systems/spawned.ts';

/** One kind of client: the three requests of one file. Each resolves when the whole answer is there. */
interface Client {
  create(name: string, content: Buffer): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  read(name: string): Promise<void>;
  close(): void;
}

const lanes = 32;

/** Seconds by floor. `dir` is a fresh directory on the disk that is meant. */
export async function floors(
  dir: string,
  seeds: string,
  sizes: Sizes,
  withLarge: boolean,
): Promise<Record<string, number>> {
  mkdirSync(dir, { recursive: true });
  const large = path.join(seeds, 'large.bin');
  const ofLarge = async (): Promise<Record<string, number>> => ({
    sha256sum: await timed(() => runToEnd('sha256sum', [large])),
    cpLarge: await timed(() => runToEnd('cp', ['--reflink=never', large, path.join(dir, 'large.bin')])),
  });
  return {
    cp: await timed(() => runToEnd('cp', ['-r', path.join(seeds, 'tree'), path.join(dir, 'tree')])),
    requests: await threeWaves(bareClient, sizes),
    officialClient: await threeWaves(officialClient, sizes),
    ...(withLarge ? await ofLarge() : {}),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** All creates, then all renames, then all reads, `lanes` at once. */
async function threeWaves(clientOf: (origin: string) => Client, { tree }: Sizes): Promise<number> {
  const script = path.join(import.meta.dirname, 'server.ts');
  const server = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    server.once('exit', (code) => reject(new Error(`the floor's server ended with ${code}`)));
  });
  const client = clientOf(`http://127.0.0.1:${port}`);
  const contents = Array.from({ length: 64 }, (_, index) => Buffer.alloc(tree.size, index));
  try {
    return await timed(async () => {
      await wave(tree.files, (index) => client.create(`staged-${index}`, contents[index % 64] ?? Buffer.alloc(0)));
      await wave(tree.files, (index) => client.rename(`staged-${index}`, `file-${index}`));
      await wave(tree.files, (index) => client.read(`file-${index}`));
    });
  } finally {
    client.close();
    server.removeAllListeners('exit').kill();
  }
}

async function wave(count: number, each: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function bareClient(origin: string): Client {
  const agent = new http.Agent({ keepAlive: true, maxSockets: lanes });
  const { hostname, port } = new URL(origin);
  const call = (method: string, name: string, headers: http.OutgoingHttpHeaders, body?: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = { hostname, port, agent, method, path: `/account/share/${name}`, headers };
      const request = http.request(options, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode >= 400) reject(new Error(`${method} ${name}: ${statusCode}`));
        response.on('end', resolve).resume();
      });
      request.once('error', reject).end(body);
    });
  return {
    create: (name, content) => call('PUT', name, { 'content-length': content.length }, content),
    rename: (from, to) =>
      call('PUT', to, { 'x-ms-file-rename-source': `${origin}/account/share/${from}`, 'content-length': 0 }),
    read: (name) => call('GET', name, {}),
    close: () => agent.destroy(),
  };
}

function officialClient(origin: string): Client {
  const of = (name: string): ShareFileClient => new ShareFileClient(`${origin}/account/share/${name}`);
  return {
    create: async (name, content) => {
      await of(name).create(content.length, { content, contentLength: content.length });
    },
    rename: async (from, to) => {
      await of(from).rename(to);
    },
    read: async (name) => {
      const { readableStreamBody } = await of(name).download();
      await new Promise((resolve, reject) => readableStreamBody?.once('end', resolve).once('error', reject).resume());
    },
    close: () => {},
  };
}
