import { text } from './amqp/encoding.ts';
import { types } from './amqp/rhea.ts';
import { joinSections, splitSections, withEntries } from './amqp/sections.ts';

/** Application properties to set on a message, as a receiver may ask for when it gives the message back. */
export type Changes = ReadonlyMap<string, unknown>;

interface Writer {
  write(value: unknown): void;
  toBuffer(): Buffer;
}

/** The message with these application properties, all other bytes as they were. */
export function modified(message: Buffer, changes: Changes): Buffer {
  if (changes.size === 0) return message;
  const sections = splitSections(message);
  const encoded = new Map([...changes].map(([name, value]) => [name, encode(value)]));
  return joinSections({
    ...sections,
    applicationProperties: withEntries(sections.applicationProperties, encoded, text),
  });
}

function encode(value: unknown): Buffer {
  const { Writer } = types as unknown as { Writer: new () => Writer };
  const writer = new Writer();
  writer.write(types.wrap(value));
  return Buffer.from(writer.toBuffer());
}

/** A map as a peer sent it, as changes. */
export function changesOf(map: unknown): Map<string, unknown> {
  return typeof map === 'object' && map !== null ? new Map(Object.entries(map)) : new Map();
}
