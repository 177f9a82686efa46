// HTTP/1.1 answers from the bytes of a connection, however they are cut (RFC 9112).
import { unreachable } from '../../base/errors.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Header fields of one answer. Few are ever asked for, so they are looked up in the text of the head. */
export class Headers {
  readonly #text: string;
  #lower: string | undefined;

  /** The head without the empty line at its end. */
  constructor(text: string) {
    this.#text = text;
  }

  /** `name` in lower case; the first of several. */
  get(name: string): string | undefined {
    this.#lower ??= this.#text.toLowerCase();
    const field = `\r\n${name}:`;
    const at = this.#lower.indexOf(field);
    if (at < 0) return undefined;
    const end = this.#text.indexOf('\r\n', at + field.length);
    return this.#text.slice(at + field.length, end < 0 ? undefined : end).trim();
  }

  /** Names in lower case, each with its value. */
  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (const line of this.#text.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      if (colon > 0) yield [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }
  }
}

const maxHead = 64 * 1024;
const none = Buffer.alloc(0);

/** Takes one answer. What it is given may be overwritten afterwards: it keeps copies. */
export class AnswerReader {
  readonly #withoutBody: boolean;
  /** Of the head, or between two chunks: what was no whole line yet. */
  #rest: Buffer = none;
  #status = 0;
  #headers: Headers | undefined;
  #framing: 'length' | 'chunked' | 'close' = 'length';
  #body: Buffer = none;
  #filled = 0;
  #chunks: Buffer[] = [];
  /** Bytes of the current chunk that have not come. */
  #left = 0;
  #place: 'size' | 'after-data' | 'trailer' = 'size';
  #reusable = false;

  /** `method` tells whether a body follows. */
  constructor(method: string) {
    this.#withoutBody = method === 'HEAD';
  }

  /** Whether the connection may carry another request when this answer is whole. */
  get reusable(): boolean {
    return this.#reusable;
  }

  /** The answer, once it is whole. Throws where the bytes are no answer. */
  take(bytes: Buffer): Answer | undefined {
    const headers = this.#headers;
    if (headers === undefined) return this.#head(this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]));
    switch (this.#framing) {
      case 'length':
        return this.#fill(headers, bytes);
      case 'chunked':
        return this.#unchunk(headers, this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]));
      case 'close':
        this.#chunks.push(Buffer.from(bytes));
        return undefined;
      default:
        return unreachable(this.#framing);
    }
  }

  /** The connection has ended: that is the end of an answer that told no other. */
  end(): Answer | undefined {
    if (this.#headers === undefined || this.#framing !== 'close') return undefined;
    return this.#whole(this.#headers, Buffer.concat(this.#chunks));
  }

  #head(bytes: Buffer): Answer | undefined {
    const end = bytes.indexOf('\r\n\r\n');
    if (end > maxHead || (end < 0 && bytes.length > maxHead)) throw new Error('the head of an answer has no end');
    if (end < 0) {
      this.#rest = Buffer.from(bytes);
      return undefined;
    }
    this.#rest = none;
    const text = bytes.toString('latin1', 0, end);
    const status = /^HTTP\/1\.([01]) (\d{3})(?: |\r|$)/.exec(text);
    if (status === null) throw new Error('the answer is not HTTP/1.1');
    const code = Number(status[2]);
    const rest = bytes.subarray(end + 4);
    // Interim: the answer itself follows.
    if (code < 200) return rest.length === 0 ? undefined : this.#head(rest);
    const headers = new Headers(text);
    this.#status = code;
    this.#headers = headers;
    this.#reusable = status[1] === '1' && headers.get('connection')?.toLowerCase() !== 'close';
    return this.#frame(headers, rest);
  }

  #frame(headers: Headers, rest: Buffer): Answer | undefined {
    const length = headers.get('content-length');
    if (this.#withoutBody || this.#status === 204 || this.#status === 304) return this.#fill(headers, rest);
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') this.#framing = 'chunked';
    else if (length === undefined) {
      this.#framing = 'close';
      this.#reusable = false;
    } else {
      if (!/^\d{1,15}$/.test(length)) throw new Error('the length of an answer is no number');
      this.#body = Buffer.allocUnsafe(Number(length));
      return this.#fill(headers, rest);
    }
    return rest.length === 0 ? undefined : this.take(rest);
  }

  #fill(headers: Headers, bytes: Buffer): Answer | undefined {
    const taken = bytes.copy(this.#body, this.#filled);
    this.#filled += taken;
    if (this.#filled < this.#body.length) return undefined;
    // More than was asked for: whatever it is, no later answer may be read out of it.
    if (taken < bytes.length) this.#reusable = false;
    return this.#whole(headers, this.#body);
  }

  #unchunk(headers: Headers, bytes: Buffer): Answer | undefined {
    this.#rest = none;
    for (let at = 0; ;) {
      if (this.#left > 0) {
        const data = bytes.subarray(at, at + this.#left);
        this.#chunks.push(Buffer.from(data));
        this.#left -= data.length;
        at += data.length;
        if (this.#left > 0) return undefined;
        this.#place = 'after-data';
      }
      const end = bytes.indexOf('\r\n', at);
      if (end < 0) {
        if (bytes.length - at > maxHead) throw new Error('a line between chunks has no end');
        this.#rest = Buffer.from(bytes.subarray(at));
        return undefined;
      }
      const line = bytes.toString('latin1', at, end);
      at = end + 2;
      if (this.#line(line)) {
        if (at < bytes.length) this.#reusable = false;
        return this.#whole(headers, Buffer.concat(this.#chunks));
      }
    }
  }

  /** True for the line that ends the last chunk. */
  #line(line: string): boolean {
    if (this.#place === 'trailer') return line === '';
    if (this.#place === 'after-data') {
      if (line !== '') throw new Error('a chunk is longer than it says');
      this.#place = 'size';
      return false;
    }
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(line)?.[1];
    if (size === undefined) throw new Error('a chunk has no length');
    this.#left = Number.parseInt(size, 16);
    if (this.#left === 0) this.#place = 'trailer';
    return false;
  }

  #whole(headers: Headers, body: Buffer): Answer {
    return { status: this.#status, headers, body };
  }
}
