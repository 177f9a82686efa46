// The cheapest thing that could answer: keeps bytes by name in memory, moves them, gives them back.
import http from 'node:http';

const files = new Map<string, Buffer>();

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://floor');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const known = files.get(url.pathname);
    if (request.method === 'PUT') files.set(url.pathname, Buffer.concat(chunks));
    else if (known === undefined) response.statusCode = 404;
    else if (request.method === 'POST') {
      files.delete(url.pathname);
      files.set(`/${url.searchParams.get('to')}`, known);
    }
    response.end(request.method === 'GET' ? known : undefined);
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
