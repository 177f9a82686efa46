// Packed details of entries, as native/attributes.hh writes them: fields of a length and bytes.
import { statReader } from './binding.ts';
import { textOf } from '../../protocol/bytes.ts';
import { toBytes } from './names.ts';
import type { Details, Xattrs } from './port.ts';

const untold = 0xffff_ffff;
const lengthBytes = 4;

/** Details of `count` entries; null for one that is gone. */
export function readDetails([slots, fields]: readonly [ArrayBuffer, ArrayBuffer]): readonly (Details | null)[] {
  const stats = statReader(slots);
  const reader = new FieldReader(Buffer.from(fields));
  return Array.from({ length: stats.count }, (_, index) => {
    const stat = stats.at(index);
    return stat.ino === 0n ? null : { stat, ...readEntry(reader) };
  });
}

/** What `setXattrs` of the addon takes. */
export function packXattrs(xattrs: Xattrs): Buffer {
  return Buffer.concat(
    Object.entries(xattrs).flatMap(([name, value]) => [
      ...field(Buffer.from(toBytes(name))),
      ...field(Buffer.from(value, 'base64')),
    ]),
  );
}

function readEntry(reader: FieldReader): Pick<Details, 'target' | 'xattrs'> {
  const count = reader.number();
  const target = reader.field();
  const xattrs: [string, string][] = [];
  if (count !== untold)
    for (let at = 0; at < count; at++) xattrs.push([textOf(reader.field()), reader.field().toString('base64')]);
  return {
    target: target.length === 0 ? undefined : textOf(target),
    xattrs: count === untold ? undefined : Object.fromEntries(xattrs),
  };
}

function field(bytes: Buffer): readonly Buffer[] {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

/** Little-endian, as all machines are that Node runs on and Linux has file servers on. */
class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(): number {
    this.#at += lengthBytes;
    return this.#bytes.readUInt32LE(this.#at - lengthBytes);
  }

  field(): Buffer {
    const length = this.number();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
