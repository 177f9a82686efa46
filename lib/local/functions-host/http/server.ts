import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BodyTooLarge, type HttpAnswer, type HttpRequest, readRequest, writeAnswer } from './message.ts';

export interface HttpServer {
  readonly port: number;
  /** Refuses new connections at once, gives what is running `graceMs`, then resets it. */
  close(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Bytes of a request's body. */
  readonly bodyLimit: number;
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer>;
  readonly failed: (error: unknown) => void;
}

/** Errors: the system's own (`EADDRINUSE` and so on) when the port cannot be had. */
export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer();
  // Functions may hold a request as long as their time limit allows; only idle connections are closed.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://${options.host}:${port}`;
  server.on('request', (message, response) => {
    const respond = async (): Promise<void> => {
      const answer = await options.handle(await readRequest(message, origin, options.bodyLimit));
      // While closing, a connection that was kept alive would hold up the end until its client lets go.
      if (!server.listening) response.setHeader('connection', 'close');
      writeAnswer(response, answer);
    };
    respond().catch((error: unknown) => {
      if (message.destroyed && !message.complete && !(error instanceof BodyTooLarge)) return;
      options.failed(error);
      if (!response.headersSent) writeAnswer(response, { status: 500, headers: { connection: 'close' } });
    });
  });
  return { port, close: (graceMs) => close(server, graceMs) };
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
