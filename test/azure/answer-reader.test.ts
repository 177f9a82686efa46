// Answers however the network cuts them, compared with Node's own client, which is fed the same bytes.
import { createServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { AnswerReader, type Answer } from '../../lib/azure/rest/answer-reader.ts';

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly method?: string;
  /** Whether the connection may be kept. */
  readonly kept: boolean;
}

const cases: readonly Case[] = [
  { name: 'a length', bytes: 'HTTP/1.1 200 OK\r\nETag: "0x1"\r\nContent-Length: 5\r\n\r\nhello', kept: true },
  { name: 'no body', bytes: 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\nx-ms-meta-a:  b \r\n\r\n', kept: true },
  { name: 'no reason', bytes: 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok', kept: true },
  { name: 'no content', bytes: 'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n', kept: true },
  { name: 'a head', method: 'HEAD', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n', kept: true },
  { name: 'bytes of no text', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\x00\xff\r', kept: true },
  {
    name: 'chunks',
    bytes:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nwith\r\n0B\r\n\r\n in two\r\n\r\n0\r\nafter: wards\r\n\r\n',
    kept: true,
  },
  { name: 'no chunk', bytes: 'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n', kept: true },
  { name: 'interim', bytes: 'HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n!', kept: true },
  { name: 'the last', bytes: 'HTTP/1.1 503 Busy\r\nConnection: Close\r\nContent-Length: 1\r\n\r\n!', kept: false },
  { name: 'an old server', bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n!', kept: false },
  { name: 'the end of the connection', bytes: 'HTTP/1.1 200 OK\r\nx: y\r\n\r\nup to here', kept: false },
];

/** What the reader says of bytes that come in pieces, each overwritten after it was given. */
function read({ method = 'GET' }: Case, pieces: readonly Buffer[]): { answer: Answer | undefined; kept: boolean } {
  const reader = new AnswerReader(method);
  let answer: Answer | undefined;
  for (const piece of pieces) {
    expect(answer).toBeUndefined();
    const given = Buffer.from(piece);
    answer = reader.take(given);
    given.fill(0x58);
  }
  answer ??= reader.end();
  return { answer, kept: reader.reusable };
}

function plain(answer: Answer | undefined): object | undefined {
  if (answer === undefined) return undefined;
  const { status, headers, body } = answer;
  return { status, headers: Object.fromEntries(headers), body: body.toString('latin1') };
}

async function byNode({ method = 'GET', bytes }: Case): Promise<object> {
  const server = createServer((socket) => socket.once('data', () => socket.end(Buffer.from(bytes, 'latin1'))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => {
            const body = Buffer.concat(chunks).toString('latin1');
            resolve({ status: response.statusCode, headers: response.headers, body });
          });
      });
      asked.once('error', reject).end();
    });
  } finally {
    server.close();
  }
}

describe.each(cases)('$name', (each) => {
  const bytes = Buffer.from(each.bytes, 'latin1');

  test('is what Node makes of it', async () => {
    const { answer, kept } = read(each, [bytes]);
    expect(plain(answer)).toEqual(await byNode(each));
    expect(kept).toBe(each.kept);
    expect(answer?.headers.get('no-such')).toBeUndefined();
    for (const [name, value] of answer?.headers ?? []) expect(answer?.headers.get(name)).toBe(value);
  });

  test('is the same in any two pieces, and byte by byte', () => {
    const whole = read(each, [bytes]);
    for (let at = 1; at < bytes.length; at++) {
      const cut = read(each, [bytes.subarray(0, at), bytes.subarray(at)]);
      expect(plain(cut.answer)).toEqual(plain(whole.answer));
      expect(cut.kept).toBe(whole.kept);
    }
    const bytewise = read(
      each,
      Array.from(bytes, (byte) => Buffer.of(byte)),
    );
    expect(plain(bytewise.answer)).toEqual(plain(whole.answer));
  });

  test('is none when anything is missing', () => {
    if (each.name === 'the end of the connection')
      return expect(read(each, [bytes.subarray(0, 40)]).answer).toBeDefined();
    for (let at = 0; at < bytes.length; at++) expect(read(each, [bytes.subarray(0, at)]).answer).toBeUndefined();
    return undefined;
  });
});

test.each([
  ['is not HTTP/1.1', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['length of an answer is no number', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n1'],
  ['chunk has no length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n'],
  ['chunk is longer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
  ['head of an answer has no end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`],
  ['line between chunks has no end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'y'.repeat(70_000)}`],
])('what is no answer is refused: %s', (message, text) => {
  expect(() => new AnswerReader('GET').take(Buffer.from(text))).toThrow(message);
});

test('what follows an answer unasked ends the connection', () => {
  for (const text of [
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx',
    'HTTP/1.1 204 No\r\n\r\nx',
  ]) {
    const reader = new AnswerReader('GET');
    expect(reader.take(Buffer.from(text))).toBeDefined();
    expect(reader.reusable).toBe(false);
  }
});
