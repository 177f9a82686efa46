import { nothing, symbol, text } from './amqp/encoding.ts';
import { typed, types } from './amqp/rhea.ts';
import { joinSections, splitSections, withEntries, withFields } from './amqp/sections.ts';
import { checkProperty } from './property.ts';
import { positions } from './system-property.ts';
import type { SystemProperty } from './system-property.ts';

/** Application properties to set on a message, as a receiver may ask for when it gives the message back. */
export type Changes = ReadonlyMap<string, unknown>;

/** What the action of a rule changes. An application property of undefined is removed; null is a value. */
export interface Edits {
  readonly application: ReadonlyMap<string, unknown>;
  readonly system: ReadonlyMap<SystemProperty, string | undefined>;
}

interface Writer {
  write(value: unknown): void;
  toBuffer(): Buffer;
}

/** The message with these application properties, all other bytes as they were. */
export function modified(message: Buffer, changes: Changes): Buffer {
  return changes.size === 0 ? message : edited(message, { application: changes, system: new Map() });
}

export function edited(message: Buffer, { application, system }: Edits): Buffer {
  const sections = splitSections(message);
  const encoded = new Map(
    [...application].map(([name, value]) => [name, value === undefined ? undefined : encode(value)]),
  );
  const fields = new Map([...system].map(([name, value]) => [positions[name], encodedField(name, value)]));
  return joinSections({
    ...sections,
    properties: fields.size === 0 ? sections.properties : withFields(sections.properties, fields),
    applicationProperties:
      encoded.size === 0 ? sections.applicationProperties : withEntries(sections.applicationProperties, encoded, text),
  });
}

function encodedField(name: SystemProperty, value: string | undefined): Buffer {
  if (value === undefined) return nothing;
  return name === 'contentType' ? symbol(value) : text(value);
}

function encode(value: unknown): Buffer {
  const { Writer } = types as unknown as { Writer: new () => Writer };
  const writer = new Writer();
  writer.write(typed(value));
  return Buffer.from(writer.toBuffer());
}

/** A map as a peer sent it, as changes. Throws an argument error for values that no property may have. */
export function changesOf(map: unknown): Map<string, unknown> {
  const changes = new Map(typeof map === 'object' && map !== null ? Object.entries(map) : []);
  for (const [name, value] of changes) checkProperty(name, value);
  return changes;
}
