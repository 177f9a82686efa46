import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { changeSender } from '../../lib/azure/site.ts';

const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => {}).resume();
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
});

test('a send that nobody answers ends in time, so that it can be repeated', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connection = `Endpoint=sb://localhost:${port};SharedAccessKeyName=a;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`;
  const sender = changeSender({ connection, queue: 'changes' }, 300);
  await expect(sender.send('group', {})).rejects.toMatchObject({ code: 'ServiceTimeout' });
  expect(sockets.size).toBe(1);
  for (const socket of sockets) socket.destroy();
  await sender.close();
});
