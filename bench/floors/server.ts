// The cheapest thing that could answer: keeps bytes by path in memory, moves them, gives them back; as much of Azure Files'
// protocol as create with content, rename and read take.
import http from 'node:http';

const files = new Map<string, Buffer>();

const server = http.createServer((request, response) => {
  const name = nameIn(request.url ?? '/');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const source = request.headers['x-ms-file-rename-source'];
    const known = files.get(name);
    if (request.method === 'GET') return answer(response, known === undefined ? 404 : 200, known);
    if (typeof source !== 'string') {
      files.set(name, Buffer.concat(chunks));
      return answer(response, 201);
    }
    const from = nameIn(source);
    const moved = files.get(from);
    if (moved === undefined) return answer(response, 404);
    files.set(name, moved);
    files.delete(from);
    return answer(response, 200);
  });
});

/** The official client leaves the account's name out of some paths of a rename: the last part tells the file. */
function nameIn(url: string): string {
  return new URL(url, 'http://floor').pathname.split('/').at(-1) ?? '';
}

function answer(response: http.ServerResponse, status: number, body: Buffer = Buffer.alloc(0)): void {
  response.writeHead(status, { 'content-length': body.length }).end(body);
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
