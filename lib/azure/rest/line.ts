// One kept connection to a server, with one request at a time on it.
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { AnswerReader, type Answer } from './answer-reader.ts';

export interface Exchange {
  readonly method: string;
  /** Request line and header fields, without the empty line. */
  readonly head: string;
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number;
}

interface Pending {
  readonly reader: AnswerReader;
  readonly late: NodeJS.Timeout;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A request is not sent this close to the moment at which the server is going to close what is unused (ms). */
const closingMs = 1000;

/** All connections read into it, for what is read is taken out of it before anything else is read. */
const buffer = Buffer.allocUnsafe(64 * 1024);

export class Line {
  readonly #socket: Socket;
  readonly #onGone: (line: Line) => void;
  #pending: Pending | undefined;
  #error: Error | undefined;
  #reusable = true;
  /** When the server closes it (`performance.now`), if nothing is asked. */
  #until = Infinity;

  /** `onGone`: it is closed, and who waited for an answer has been told. */
  constructor(url: URL, onGone: (line: Line) => void) {
    this.#onGone = onGone;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const read = { buffer, callback: (bytes: number) => this.#take(bytes) };
    const options = { host, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1000, onread: read };
    this.#socket =
      url.protocol === 'https:'
        ? connectSecure({ ...options, port: Number(url.port || 443), servername: isIP(host) === 0 ? host : '' })
        : connectPlain({ ...options, port: Number(url.port || 80) });
    this.#socket.on('error', (error) => (this.#error = error));
    this.#socket.on('close', () => this.#closed());
  }

  /** Whether another request may be sent on it. */
  get usable(): boolean {
    const open = this.#reusable && this.#pending === undefined && this.#socket.writable;
    return open && performance.now() < this.#until - closingMs;
  }

  /** Rejects when the connection breaks, when what comes is no answer, and when it is not whole within `timeoutMs`. */
  exchange({ method, head, body, timeoutMs }: Exchange): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      this.#pending = { reader: new AnswerReader(method), late, resolve, reject };
      const socket = this.#socket.ref();
      if (body === undefined) {
        socket.write(`${head}\r\n\r\n`, 'latin1');
        return;
      }
      socket.cork();
      socket.write(`${head}\r\n\r\n`, 'latin1');
      socket.write(body);
      socket.uncork();
    });
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #take(bytes: number): boolean {
    const pending = this.#pending;
    if (this.#socket.destroyed) return false;
    try {
      if (pending === undefined) throw new Error('an answer to nothing');
      const answer = pending.reader.take(buffer.subarray(0, bytes));
      if (answer !== undefined) this.#answered(pending, answer);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #answered({ late, reader, resolve }: Pending, answer: Answer): void {
    clearTimeout(late);
    this.#pending = undefined;
    // An answer may come before all was sent, which would then be in the way of the next request.
    this.#reusable = reader.reusable && this.#socket.writableLength === 0;
    const seconds = /\btimeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1];
    this.#until = seconds === undefined ? Infinity : performance.now() + Number(seconds) * 1000;
    if (this.#reusable) this.#socket.unref();
    else this.#socket.destroy();
    resolve(answer);
  }

  #closed(): void {
    this.#reusable = false;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) {
      clearTimeout(pending.late);
      const answer = this.#error === undefined ? pending.reader.end() : undefined;
      if (answer === undefined) pending.reject(this.#error ?? new Error('the connection was lost'));
      else pending.resolve(answer);
    }
    this.#onGone(this);
  }
}
