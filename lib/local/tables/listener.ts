// Listening and stopping.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../../base/errors.ts';

/** How long requests under way may take to end once the service stops. */
const graceMilliseconds = 1000;

/** Binds; `origin` is http://HOST:PORT. Rejects with the system's error (EADDRINUSE, EACCES, ...). */
export function listen(server: Server, host: string, port: number): Promise<{ port: number; origin: string }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const bound = (server.address() as AddressInfo).port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve({ port: bound, origin: `http://${name}:${bound}` });
    });
  });
}

/** What is not HTTP, or has headers beyond all limits, never reaches the listener: it is told so and let go. */
export function refuseBrokenRequests(server: Server): void {
  server.on('clientError', (error, socket) => {
    if (!socket.writable || codeOf(error) === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = codeOf(error) === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
}

/** Takes no more requests, lets those under way end for a second, then breaks what is left. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
