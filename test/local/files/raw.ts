import { connect } from 'node:net';
import { credential } from './world.ts';

export interface RawAnswer {
  readonly status: number;
  /** x-ms-error-code, '' if there is none. */
  readonly code: string;
}

/**
 * For what the official client does not, or cannot, send: writes the request as it is and reads the first answer. It is
 * signed with the key of the account, as if the query held nothing encoded, unless `headers` have an authorization.
 */
export function rawRequest(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Promise<RawAnswer> {
  const all: Record<string, string> = {
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2026-10-06',
    ...headers,
  };
  if (body.length > 0) all['content-length'] ??= String(body.length);
  all['authorization'] ??= `SharedKey tideway:${credential.computeHMACSHA256(textOf(method, path, all))}`;
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () =>
      resolve({
        status: Number(answer.slice(9, 12)),
        code: /x-ms-error-code: (\w+)/i.exec(answer)?.[1] ?? '',
      }),
    );
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head.join('')}\r\n`);
    socket.write(body);
    if (body.length < Number(all['content-length'] ?? 0)) socket.end();
  });
}

function textOf(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const [rawPath = '', search = ''] = path.split('?');
  const canonical = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .toSorted();
  const length = headers['content-length'] ?? '';
  const standard = [method, '', '', length, '', '', '', '', '', '', '', headers['range'] ?? ''];
  const pairs = search.split('&').filter((pair) => pair !== '');
  return [
    ...standard,
    ...canonical.map((name) => `${name}:${headers[name]}`),
    `/tideway${rawPath}`,
    ...pairs.toSorted().map((pair) => pair.replace('=', ':')),
  ].join('\n');
}
