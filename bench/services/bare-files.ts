// The least that a server could do that keeps what it acknowledges: bytes up to 4 KiB in the row, larger ones in a file that
// is synced before its row, one row a request, and the commits shared as those of the embedded services are.
import { constants, mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GroupCommit } from '../../lib/base/group-commit.ts';

const inline = 4096;

/** Its URL. `dir` is a fresh directory. */
export async function startBareFiles(dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(path.join(dir, 'state.db'));
  db.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE file (name TEXT, start INTEGER, bytes BLOB, PRIMARY KEY (name, start))',
  );
  const insert = db.prepare('INSERT OR REPLACE INTO file VALUES (?, ?, ?)');
  const commits = new GroupCommit(db);
  const handles = new Map<string, Promise<FileHandle>>();
  const syncs = new Map<string, Promise<void>>();
  const handleOf = (name: string): Promise<FileHandle> => {
    let handle = handles.get(name);
    if (handle === undefined)
      handles.set(
        name,
        (handle = open(path.join(dir, name.replaceAll('/', '-')), constants.O_RDWR | constants.O_CREAT)),
      );
    return handle;
  };

  async function put(name: string, start: number, bytes: Buffer): Promise<void> {
    if (bytes.length <= inline) return void (await commits.run(() => insert.run(name, start, bytes)));
    const handle = await handleOf(name);
    await handle.write(bytes, 0, bytes.length, start);
    // As in a group commit: who comes while a sync runs shares the next.
    const before = syncs.get(name);
    const mine = (before ?? Promise.resolve()).then(() => handle.datasync());
    syncs.set(name, mine);
    await mine;
    return void (await commits.run(() => insert.run(name, start, null)));
  }

  async function get(name: string, start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    await (await handleOf(name)).read(bytes, 0, bytes.length, start);
    return bytes;
  }

  const server = http.createServer((request, response) => {
    const [name = ''] = (request.url ?? '').split('?');
    const [start = 0, last = 0] = /(\d+)-(\d+)/.exec(String(request.headers['x-ms-range']))?.slice(1).map(Number) ?? [];
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const done =
        request.method === 'GET'
          ? get(name, start, last + 1).then((bytes) =>
              response.writeHead(206, { 'content-length': bytes.length }).end(bytes),
            )
          : put(name, start, Buffer.concat(chunks)).then(() => response.writeHead(201, { 'content-length': 0 }).end());
      done.catch((error: unknown) => response.destroy(error as Error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
