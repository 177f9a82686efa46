// HTTP/1.1 over kept-alive sockets with no more work than a driver must do: heads are text, answers are counted, not kept.
import { connect, type Socket } from 'node:net';

export interface RawRequest {
  /** Method, path and headers, without the empty line at the end. */
  readonly head: string;
  readonly body?: Buffer;
}

/** Sends `count` requests over `lanes` connections, each waiting for its answer; an answer of 400 and more rejects. */
export async function drive(
  url: string,
  lanes: number,
  count: number,
  request: (i: number) => RawRequest,
): Promise<void> {
  const { hostname, port } = new URL(url);
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      try {
        while (next < count) await exchange(socket, request(next++));
      } finally {
        socket.destroy();
      }
    }),
  );
}

function exchange(socket: Socket, { head, body }: RawRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let missing = -1;
    const settle = (error?: Error): void => {
      socket.off('data', take).off('error', settle).off('close', closed);
      if (error === undefined) resolve();
      else reject(error);
    };
    const closed = (): void => settle(new Error('the connection was closed'));
    const take = (chunk: Buffer): void => {
      if (missing < 0) {
        text += chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const status = Number(text.slice(9, 12));
        if (status >= 400) return settle(new Error(`${head.split('\r\n')[0] ?? ''}: ${text}`));
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
        missing = length - (text.length - end - 4);
      } else missing -= chunk.length;
      if (missing <= 0) settle();
    };
    socket.on('data', take).on('error', settle).on('close', closed);
    socket.cork();
    socket.write(`${head}\r\ncontent-length: ${body?.length ?? 0}\r\n\r\n`, 'latin1');
    if (body !== undefined) socket.write(body);
    socket.uncork();
  });
}
