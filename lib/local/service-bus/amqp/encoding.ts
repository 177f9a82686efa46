// AMQP 1.0 type encodings (part 1), only as far as a broker needs them: measuring values without decoding them, and
// taking lists and maps apart and putting them together while every element keeps the bytes it came with.
import { decodeError } from './error.ts';

const deepest = 4;

/** The offset just behind the value that starts at `at`. Throws `amqp:decode-error` where the bytes end before it. */
export function endOfValue(bytes: Buffer, at: number, depth = 0): number {
  const code = bytes[at];
  if (code === undefined) throw decodeError('a value is cut off');
  if (code === 0x00) {
    if (depth > deepest) throw decodeError('a value is described too often');
    return endOfValue(bytes, endOfValue(bytes, at + 1, depth + 1), depth + 1);
  }
  const end = at + 1 + widthOf(bytes, at, code);
  if (end > bytes.length) throw decodeError('a value is cut off');
  return end;
}

// The upper half of a constructor says how wide the value is (part 1.2): fixed, or counted in one or four bytes.
function widthOf(bytes: Buffer, at: number, code: number): number {
  switch (code >>> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return 1 + (bytes[at + 1] ?? 0);
    case 0xb:
    case 0xd:
    case 0xf:
      if (at + 5 > bytes.length) throw decodeError('a length is cut off');
      return 4 + bytes.readUInt32BE(at + 1);
    default:
      throw decodeError(`unknown type 0x${code.toString(16)}`);
  }
}

/** The elements of a list, or keys and values in turn of a map, each with its own bytes; none for null. */
export function elementsOf(compound: Buffer): Buffer[] {
  const code = compound[0];
  if (code === 0x40 || code === 0x45) return [];
  const small = code === 0xc0 || code === 0xc1;
  if (!small && code !== 0xd0 && code !== 0xd1) throw decodeError('a list or a map was expected');
  if (compound.length < (small ? 3 : 9)) throw decodeError('a list or a map is cut off');
  const count = small ? compound.readUInt8(2) : compound.readUInt32BE(5);
  const elements: Buffer[] = [];
  let at = small ? 3 : 9;
  for (let i = 0; i < count; i++) {
    const end = endOfValue(compound, at);
    elements.push(compound.subarray(at, end));
    at = end;
  }
  return elements;
}

/** The text of a string or symbol; undefined for any other type. */
export function textOf(value: Buffer): string | undefined {
  const [code] = value;
  if (code === 0xa1 || code === 0xa3) return value.toString('utf8', 2);
  if (code === 0xb1 || code === 0xb3) return value.toString('utf8', 5);
  return undefined;
}

export const nothing = Buffer.from([0x40]);

export function list(elements: readonly Buffer[]): Buffer {
  return compound(0xc0, 0xd0, elements);
}

export function map(elements: readonly Buffer[]): Buffer {
  return compound(0xc1, 0xd1, elements);
}

function compound(small: number, large: number, elements: readonly Buffer[]): Buffer {
  let size = 0;
  for (const element of elements) size += element.length;
  if (size < 0xff && elements.length <= 0xff)
    return Buffer.concat([Buffer.from([small, size + 1, elements.length]), ...elements]);
  const head = Buffer.alloc(9);
  head.writeUInt8(large, 0);
  head.writeUInt32BE(size + 4, 1);
  head.writeUInt32BE(elements.length, 5);
  return Buffer.concat([head, ...elements]);
}

export function text(value: string): Buffer {
  return counted(0xa1, 0xb1, Buffer.from(value, 'utf8'));
}

export function symbol(value: string): Buffer {
  return counted(0xa3, 0xb3, Buffer.from(value, 'ascii'));
}

function counted(small: number, large: number, bytes: Buffer): Buffer {
  if (bytes.length <= 0xff) return Buffer.concat([Buffer.from([small, bytes.length]), bytes]);
  const head = Buffer.alloc(5);
  head.writeUInt8(large, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x70, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x71, 0);
  bytes.writeInt32BE(value, 1);
  return bytes;
}

export function long(value: number): Buffer {
  return wide(0x81, value);
}

/** Milliseconds since 1970. */
export function timestamp(value: number): Buffer {
  return wide(0x83, value);
}

function wide(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(code, 0);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}
