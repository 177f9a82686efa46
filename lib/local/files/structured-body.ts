import { Crc64 } from './crc64.ts';
import { FilesError } from './errors.ts';

// Content in segments with checksums, "structured message" 1.0 of Azure Storage: a header (version, length of the whole,
// flags, number of segments), each segment (number, length, bytes, checksum), and a checksum of all bytes. Little endian.

/** The only form there is. */
export const structuredForm = 'XSM/1.0; properties=crc64';

const headerLength = 13;
const segmentHeaderLength = 10;
const checksumLength = 8;
const withChecksums = 1;
const maxSegment = 4 * 2 ** 20;

/** Most bytes by which a body that holds at most one range is longer than its content. */
export const structuredOverhead = 1024;

/** What a body in this form holds. Errors: InvalidHeaderValue, InvalidInput, Crc64Mismatch. */
export function decodeStructured(body: Uint8Array, headers: ReadonlyMap<string, string>): Uint8Array {
  if (headers.get('x-ms-structured-body') !== structuredForm)
    throw new FilesError('InvalidHeaderValue', 'x-ms-structured-body');
  const reader = new Reader(Buffer.from(body.buffer, body.byteOffset, body.length));
  const header = reader.take(headerLength);
  const segments = header.readUInt16LE(11);
  if (header[0] !== 1 || header.readBigUInt64LE(1) !== BigInt(body.length) || header.readUInt16LE(9) !== withChecksums)
    throw new FilesError('InvalidInput', 'structured body');
  const parts: Buffer[] = [];
  const whole = new Crc64();
  for (let number = 1; number <= segments; number++) {
    const segment = reader.take(segmentHeaderLength);
    if (segment.readUInt16LE(0) !== number) throw new FilesError('InvalidInput', 'structured body');
    const part = reader.take(Number(segment.readBigUInt64LE(2)));
    reader.check(new Crc64().update(part));
    whole.update(part);
    parts.push(part);
  }
  reader.check(whole);
  reader.end();
  const content = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  if (headers.get('x-ms-structured-content-length') !== String(content.length))
    throw new FilesError('InvalidHeaderValue', 'x-ms-structured-content-length');
  return content;
}

/** The length in this form of a content of `length` bytes. */
export function structuredLength(length: number): number {
  return headerLength + length + segmentsOf(length) * (segmentHeaderLength + checksumLength) + checksumLength;
}

/** A content of `length` bytes in this form. Closes the pieces when it is closed itself. */
export async function* encodeStructured(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array, void, void> {
  yield header(length);
  const whole = new Crc64();
  let segment = new Crc64();
  let number = 0;
  let left = 0; // of the present segment
  let done = 0;
  for await (const piece of pieces)
    for (let at = 0; at < piece.length;) {
      if (left === 0) {
        left = Math.min(maxSegment, length - done);
        segment = new Crc64();
        yield segmentHeader(++number, left);
      }
      const part = piece.subarray(at, at + Math.min(left, piece.length - at));
      segment.update(part);
      whole.update(part);
      yield part;
      at += part.length;
      done += part.length;
      left -= part.length;
      if (left === 0) yield segment.digest();
    }
  yield whole.digest();
}

function segmentsOf(length: number): number {
  return Math.ceil(length / maxSegment);
}

function header(length: number): Buffer {
  const out = Buffer.alloc(headerLength);
  out[0] = 1;
  out.writeBigUInt64LE(BigInt(structuredLength(length)), 1);
  out.writeUInt16LE(withChecksums, 9);
  out.writeUInt16LE(segmentsOf(length), 11);
  return out;
}

function segmentHeader(number: number, length: number): Buffer {
  const out = Buffer.alloc(segmentHeaderLength);
  out.writeUInt16LE(number, 0);
  out.writeBigUInt64LE(BigInt(length), 2);
  return out;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new FilesError('InvalidInput', 'structured body');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  check(checksum: Crc64): void {
    if (!this.take(checksumLength).equals(checksum.digest())) throw new FilesError('Crc64Mismatch');
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new FilesError('InvalidInput', 'structured body');
  }
}
