// A message is a row of sections (AMQP 1.0 part 3.2). A broker may add to the header and the annotations, but what the
// sender wrote must come out byte for byte: decoding and encoding again would change the types of numbers.
import { decodeError } from './error.ts';
import { elementsOf, endOfValue, list, map, nothing, text, textOf } from './encoding.ts';

/** Contents of the sections, without descriptors; `body` is everything from the first body section on, untouched. */
export interface Sections {
  readonly header: Buffer | undefined;
  readonly annotations: Buffer | undefined;
  readonly properties: Buffer | undefined;
  readonly applicationProperties: Buffer | undefined;
  readonly body: Buffer;
}

const codes = { header: 0x70, deliveryAnnotations: 0x71, annotations: 0x72, properties: 0x73, application: 0x74 };
const firstBodySection = 0x75;
const lastSection = 0x78;

/** Takes a message apart. Throws `amqp:decode-error` for bytes that are no message. */
export function splitSections(message: Buffer): Sections {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < message.length) {
    const { code, start } = descriptorAt(message, at);
    if (code >= firstBodySection) break;
    const end = endOfValue(message, start);
    found.set(code, message.subarray(start, end));
    at = end;
  }
  for (let next = at; next < message.length;) next = endOfValue(message, descriptorAt(message, next).start);
  return {
    header: found.get(codes.header),
    annotations: found.get(codes.annotations),
    properties: found.get(codes.properties),
    applicationProperties: found.get(codes.application),
    body: message.subarray(at),
  };
}

/** The payloads of the data sections of a body: what a batch envelope holds, one encoded message each. */
export function dataSections(body: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const { code, start } = descriptorAt(body, at);
    const end = endOfValue(body, start);
    if (code === firstBodySection) {
      const type = body[start];
      if (type !== 0xa0 && type !== 0xb0) throw decodeError('a data section must hold binary');
      payloads.push(body.subarray(start + (type === 0xa0 ? 2 : 5), end));
    }
    at = end;
  }
  return payloads;
}

function descriptorAt(bytes: Buffer, at: number): { code: number; start: number } {
  if (bytes[at] !== 0x00) throw decodeError('a section must start with its descriptor');
  const type = bytes[at + 1];
  const start = endOfValue(bytes, at + 1);
  const code =
    type === 0x53 ? bytes.readUInt8(at + 2) : type === 0x80 ? Number(bytes.readBigUInt64BE(at + 2)) : undefined;
  if (code === undefined || code < codes.header || code > lastSection) throw decodeError('unknown message section');
  return { code, start };
}

export function joinSections(sections: Sections): Buffer {
  return Buffer.concat([
    ...section(codes.header, sections.header),
    ...section(codes.annotations, sections.annotations),
    ...section(codes.properties, sections.properties),
    ...section(codes.application, sections.applicationProperties),
    sections.body,
  ]);
}

function section(code: number, content: Buffer | undefined): Buffer[] {
  return content === undefined ? [] : [Buffer.from([0x00, 0x53, code]), content];
}

/** The properties section with the message id set, where the sender left it out. */
export function withMessageId(properties: Buffer | undefined, messageId: string): Buffer {
  return withFields(properties, new Map([[0, text(messageId)]]));
}

/** Whether the first field of the properties section, the message id, is missing. */
export function lacksMessageId(properties: Buffer | undefined): boolean {
  const first = properties === undefined ? undefined : elementsOf(properties)[0];
  return first === undefined || first.equals(nothing);
}

/** A list with some fields replaced, by position. */
export function withFields(original: Buffer | undefined, changes: ReadonlyMap<number, Buffer>): Buffer {
  const fields = original === undefined ? [] : elementsOf(original);
  const length = Math.max(fields.length, ...[...changes.keys()].map((position) => position + 1));
  return list(Array.from({ length }, (_, i) => changes.get(i) ?? fields[i] ?? nothing));
}

/**
 * A map with some entries replaced, added or (undefined) removed; `changes` are encoded values by key, `key` says how a
 * key is encoded.
 */
export function withEntries(
  original: Buffer | undefined,
  changes: ReadonlyMap<string, Buffer | undefined>,
  key: (name: string) => Buffer,
): Buffer {
  const elements = original === undefined ? [] : elementsOf(original);
  const kept: Buffer[] = [];
  for (let i = 0; i + 1 < elements.length; i += 2) {
    const [name, value] = [elements[i], elements[i + 1]];
    if (name === undefined || value === undefined || changes.has(textOf(name) ?? '')) continue;
    kept.push(name, value);
  }
  for (const [name, value] of changes) if (value !== undefined) kept.push(key(name), value);
  return map(kept);
}
