import type { AddressInfo, Server, Socket } from 'node:net';

export interface Listener {
  readonly port: number;
  /** Takes nobody new; resolves once everybody is gone, whoever is still there after a second being cut off. */
  close(): Promise<void>;
}

const graceMs = 1000;

/** 0: any free port. Rejects with the system's error (EADDRINUSE, EACCES, ...). */
export async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<Listener> {
  // Those of TLS that are shaking hands, too: nobody else knows of them.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
      }),
  };
}
