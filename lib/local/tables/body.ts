import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { refusal, type TableError } from './errors.ts';

/** The most that one request may carry: 4 MiB. */
const maximumBytes = 4_194_304;
/** What is read and thrown away beyond that, so that the sender gets to read the refusal instead of a broken pipe. */
const patienceBytes = 64 * 1_048_576;

export class Aborted extends Error {}

/**
 * The request's body as text, or the refusal it deserves (above 4 MiB; not UTF-8): given back, not thrown, because who may
 * not send at all must hear that first. Always reads to the end, which keeps the connection usable. Throws Aborted when
 * the sender left.
 */
export function readBody(request: IncomingMessage): Promise<string | TableError> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maximumBytes) chunks.push(chunk);
      else if (length > patienceBytes) request.destroy();
    });
    request.on('end', () => resolve(length > maximumBytes ? refusal('RequestBodyTooLarge') : textOf(chunks, length)));
    request.on('error', (error) => reject(new Aborted('the connection broke', { cause: error })));
    request.on('close', () => {
      if (!request.readableEnded) reject(new Aborted('the sender closed the connection'));
    });
  });
}

function textOf(chunks: readonly Buffer[], length: number): string | TableError {
  const [first] = chunks;
  const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
  return isUtf8(whole) ? whole.toString() : refusal('InvalidInput', 'The request body is not UTF-8.');
}
