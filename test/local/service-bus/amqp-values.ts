// Every type of AMQP 1.0 (part 1.6) with its edges, as typed values that the client library writes as they are.
import rhea from 'rhea';
import type { Typed } from 'rhea';

type Constructor = { create(value?: unknown, code?: number, descriptor?: unknown): Typed };
const { types } = rhea;
const byCode = (types as unknown as { by_code: Readonly<Record<number, Constructor>> }).by_code;

const of = (code: number, value?: unknown): Typed => byCode[code]!.create(value);
const array = (code: number, values: readonly unknown[], descriptor?: unknown): Typed =>
  byCode[0xf0]!.create(values, code, descriptor);
const bytes = (value: bigint): Buffer => {
  const written = Buffer.alloc(8);
  written.writeBigUInt64BE(BigInt.asUintN(64, value));
  return written;
};
const map = (...elements: readonly Typed[]): Typed => of(0xd1, elements);
const text = (value: string): Typed => types.wrap_string(value);

const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
const guid = Buffer.alloc(16, 7);

const simple = (): Readonly<Record<string, Typed>> => ({
  null: of(0x40),
  true: of(0x41),
  'boolean of one byte': of(0x56, 1),
  'boolean beyond': of(0x56, 2),
  ubyte: of(0x50, 255),
  ushort: of(0x60, 65_535),
  uint: of(0x70, 0xffffffff),
  'small uint': of(0x52, 3),
  'uint 0': of(0x43),
  ulong: of(0x80, bytes(2n ** 64n - 1n)),
  'small ulong': of(0x53, 1),
  'ulong 0': of(0x44),
  byte: of(0x51, -128),
  short: of(0x61, -32_768),
  int: of(0x71, -(2 ** 31)),
  'largest int': of(0x71, 2 ** 31 - 1),
  'small int': of(0x54, -1),
  'least long': of(0x81, bytes(least)),
  'largest long': of(0x81, bytes(most)),
  'long behind the last exact number': of(0x81, bytes(2n ** 53n)),
  'small long': of(0x55, -1),
  float: of(0x72, 0.5),
  'float NaN': of(0x72, Number.NaN),
  double: of(0x82, 1e308),
  'double 0.5': of(0x82, 0.5),
  'double NaN': of(0x82, Number.NaN),
  'double infinity': of(0x82, Number.POSITIVE_INFINITY),
  'double -0': of(0x82, -0),
  decimal32: of(0x74, Buffer.alloc(4, 1)),
  decimal64: of(0x84, Buffer.alloc(8, 1)),
  decimal128: of(0x94, Buffer.alloc(16, 1)),
  char: of(0x73, 0x1f600),
  'char that is none': of(0x73, 0xffffffff),
  timestamp: of(0x83, Date.UTC(2026, 10, 26)),
  'least timestamp': of(0x83, bytes(least)),
  'largest timestamp': of(0x83, bytes(most)),
  'timestamp behind the last date': of(0x83, 8_640_000_000_000_001),
  'timestamp before 1970': of(0x83, -1),
  uuid: of(0x98, guid),
  'binary of none': of(0xa0, Buffer.alloc(0)),
  'binary of 8': of(0xa0, bytes(1n)),
  'binary of 16': of(0xa0, guid),
  'large binary': of(0xb0, Buffer.alloc(300)),
  'empty string': of(0xa1, ''),
  string: of(0xa1, 'a'),
  'string with NUL': of(0xa1, 'a\u0000b'),
  'string that is no UTF-8': of(0xa0, Buffer.from([0xff, 0xfe])),
  'long string': of(0xb1, 'x'.repeat(3000)),
  'own property': of(0xa1, '__proto__'),
  'inherited property': of(0xa1, 'constructor'),
  symbol: of(0xa3, 'a'),
  'long symbol': of(0xb3, 'y'.repeat(300)),
});

const compound = (): Readonly<Record<string, Typed>> => ({
  'empty list': of(0x45),
  'small list': of(0xc0, [text('a')]),
  list: of(0xd0, [of(0x40), of(0xd0, [of(0x41)]), of(0xa0, guid)]),
  'empty map': of(0xc1, []),
  map: map(text('a'), of(0x71, 1)),
  'map of one element': map(text('a')),
  'map with odd keys': map(of(0x40), text('a'), of(0x82, 0.5), text('b'), of(0xd0, [of(0x41)]), text('c')),
  'map that names its prototype by bytes': map(text('__proto__'), of(0xa0, guid)),
  'map that names its prototype by a time': map(text('__proto__'), of(0x83, 0)),
  'map that names its prototype by a list': map(text('__proto__'), of(0xd0, [of(0xa0, guid)])),
  'map that names its prototype by a map': map(text('__proto__'), map(text('expression'), of(0x71, 1))),
  'map that names its prototype by nothing': map(text('__proto__'), of(0x40)),
  'map with names of methods': map(text('toString'), of(0x71, 1), text('valueOf'), text('a'), text('then'), of(0x41)),
  'array of none': array(0x98, []),
  'array of uuids': array(0x98, [guid, guid]),
  'array of longs': array(0x81, [bytes(least), bytes(1n)]),
  'array of ints': array(0x71, [1, -1]),
  'array of doubles': array(0x82, [Number.NaN, 0.5]),
  'array of times': array(0x83, [bytes(most)]),
  'array of strings': array(0xa1, ['a', 'b']),
  'array of binaries': array(0xa0, [guid, Buffer.alloc(0)]),
  'array of nulls': array(0x40, [null, null]),
  'array of lists': array(0xd0, [[of(0x40)], []]),
  'array of described': array(0x71, [1], of(0x80, bytes(9n))),
});

const described = (): Readonly<Record<string, Typed>> => ({
  'described by a number': types.described(of(0x80, bytes(77n)), of(0x71, 1)),
  'described by a symbol': types.described(of(0xa3, 'a:b'), text('a')),
  'described bytes': types.described(of(0x53, 9), of(0xa0, guid)),
  'described map': types.described(of(0x53, 9), map(text('expression'), text('1=1'))),
  'an error': types.described(of(0x53, 0x1d), of(0xd0, [of(0xa3, 'a'), text('b')])),
  'an error that is no list': types.described(of(0x53, 0x1d), of(0x40)),
  'described by a list': types.described(of(0xd0, []), of(0x40)),
});

/** Made anew for each use: the library notes in a value how it was described. */
export function amqpValues(): Readonly<Record<string, Typed>> {
  return { ...simple(), ...compound(), ...described() };
}
