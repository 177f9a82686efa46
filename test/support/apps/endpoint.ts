import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface Endpoint {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Waits until so many requests have come in all; the test's own time limit is the bound. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

/** A webhook for tests: records what comes and answers as told. */
export async function startEndpoint(
  answer: (request: Received, count: number) => Reply | Promise<Reply>,
  port = 0,
): Promise<Endpoint> {
  const received: Received[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const one = { method: request.method ?? '', headers: request.headers, body, at: performance.now() };
      received.push(one);
      for (const check of waiting) check();
      void Promise.resolve(answer(one, received.length)).then((reply) => {
        response.writeHead(reply.status, reply.headers);
        response.end(reply.body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${taken}/hook`,
    port: taken,
    received,
    until: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (received.length < count) return;
          waiting = waiting.filter((other) => other !== check);
          resolve();
        };
        waiting.push(check);
        check();
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As an Event Grid endpoint: answers the validation of either schema, and all else with what `then` says. */
export function validating(then: (request: Received, count: number) => Reply | Promise<Reply>) {
  return (request: Received, count: number): Reply | Promise<Reply> => {
    if (request.method === 'OPTIONS') return { status: 200, headers: { 'webhook-allowed-origin': '*' } };
    if (request.headers['aeg-event-type'] !== 'SubscriptionValidation') return then(request, count);
    const [event] = JSON.parse(request.body) as [{ data: { validationCode: string } }];
    return { status: 200, body: JSON.stringify({ validationResponse: event.data.validationCode }) };
  };
}
