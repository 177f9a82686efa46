// Which types the fields of a message may have (AMQP 1.0 part 3.2). One that has another would be taken and then break the
// client that receives it, again and again: it is refused where it comes in.
import { decodeError } from './error.ts';
import { elementsOf } from './encoding.ts';

const none = [0x40];
const boolean = [...none, 0x41, 0x42, 0x56];
const ubyte = [...none, 0x50];
const uint = [...none, 0x70, 0x52, 0x43];
const ulong = [0x80, 0x53, 0x44];
const uuid = [0x98];
const timestamp = [...none, 0x83];
const binary = [...none, 0xa0, 0xb0];
// Clients write either where the other is asked for.
const text = [...none, 0xa1, 0xb1, 0xa3, 0xb3];
const id = [...text, ...binary, ...ulong, ...uuid];

const header = [boolean, ubyte, uint, boolean, uint];
const properties = [id, binary, text, text, text, id, text, text, timestamp, timestamp, text, uint, text];

/** Throws `amqp:decode-error`; the sections are without their descriptors. */
export function checkFields(sections: {
  readonly header: Buffer | undefined;
  readonly properties: Buffer | undefined;
  readonly applicationProperties: Buffer | undefined;
}): void {
  checkList(sections.header, header);
  checkList(sections.properties, properties);
  if (sections.applicationProperties !== undefined) checkProperties(sections.applicationProperties);
}

function checkList(section: Buffer | undefined, types: readonly (readonly number[])[]): void {
  if (section === undefined) return;
  for (const [index, [code = 0]] of elementsOf(section).entries())
    if (types[index]?.includes(code) !== true) throw decodeError(`field ${index + 1} of a section has a wrong type`);
}

// Keys are texts, and no value holds others; what .NET clients describe (a time span, an address) is a value all the same.
function checkProperties(map: Buffer): void {
  const elements = elementsOf(map);
  if (elements.length % 2 !== 0) throw decodeError('a map lacks a value');
  for (const [index, [code = 0]] of elements.entries()) {
    const fits = index % 2 === 0 ? code !== 0x40 && text.includes(code) : code < 0xc0 && code !== 0x45;
    if (!fits) throw decodeError('an application property has a wrong type');
  }
}
