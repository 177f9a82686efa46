// HTTP requests over kept connections: the lean path of the calls that every file takes. Node's own client costs three
// times the work a request (streams, an agent, an object for each header), and there are three requests a file.
import { count } from '../../base/counters.ts';
import { Pool } from '../../base/pool.ts';
import type { Answer } from './answer-reader.ts';
import { Line } from './line.ts';

export interface Connection {
  /** `path` begins with `/` and is sent as it is. Rejects when no whole answer came within `timeoutMs`. */
  request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    timeoutMs: number,
  ): Promise<Answer>;
  close(): void;
}

/** Connections to one origin, for example `http://127.0.0.1:10000`; at most `sockets` at once, the rest waits. */
export function connect(origin: string, sockets: number): Connection {
  const url = new URL(origin);
  const places = new Pool(sockets);
  const all = new Set<Line>();
  /** The longest unused first: a server closes what is unused for long. */
  let free: Line[] = [];
  let closed = false;

  const lineFor = (): Line => {
    for (let line = free.shift(); line !== undefined; line = free.shift()) {
      if (line.usable) return line;
      line.destroy();
    }
    const line = new Line(url, (gone) => all.delete(gone));
    all.add(line);
    return line;
  };

  return {
    request: (method, path, headers, body, timeoutMs) =>
      places.run(async () => {
        const head = headOf(url.host, method, path, headers);
        const line = lineFor();
        count('bytes.sent', body?.length ?? 0);
        try {
          const answer = await line.exchange({ method, head, body, timeoutMs });
          count('bytes.received', answer.body.length);
          return answer;
        } finally {
          if (closed) line.destroy();
          else if (line.usable) free.push(line);
        }
      }),
    close: () => {
      closed = true;
      free = [];
      for (const line of all) line.destroy();
    },
  };
}

// What may stand in a request line or field: no control character, so that no value can pass for a line of its own.
const printable = /^[\t\x20-\x7e\x80-\xff]*$/;

function headOf(host: string, method: string, path: string, headers: Readonly<Record<string, string>>): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}`;
  if (!/^[\x21-\x7e]+$/.test(path)) throw new Error('a path has to be encoded');
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!printable.test(value)) throw new Error(`the header ${name} has a character that no header can have`);
    head += `\r\n${name}: ${value}`;
  }
  return head;
}
