import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { elementsOf, endOfValue, list, map, text, textOf } from '../../../lib/local/service-bus/amqp/encoding.ts';
import { decodeMessage, encodeMessage, types } from '../../../lib/local/service-bus/amqp/rhea.ts';
import { dataSections, joinSections, splitSections } from '../../../lib/local/service-bus/amqp/sections.ts';
import { deliveredBytes } from '../../../lib/local/service-bus/delivered.ts';
import { parseSubmission, parseTransfer } from '../../../lib/local/service-bus/message.ts';
import { modified } from '../../../lib/local/service-bus/modification.ts';
import { seededRandom } from '../../../lib/base/random.ts';

const random = seededRandom(1);
const shown = { seq: 7, origin: 5, enqueuedAt: 1_700_000_000_000, ttl: 60_000, deliveryCount: 2 };

const encoded = fc
  .record({
    message_id: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    group_id: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
    ttl: fc.option(fc.integer({ min: 1, max: 2 ** 31 }), { nil: undefined }),
    application_properties: fc.option(
      fc.dictionary(
        fc.string(),
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc.integer(),
          fc.double({ noNaN: true }).map((value) => types.wrap_double(value)),
          fc.boolean(),
        ),
      ),
      { nil: undefined },
    ),
    body: fc.oneof(fc.string(), fc.constant(null), fc.array(fc.integer())),
  })
  .map((message) => encodeMessage(message));

describe('sections', () => {
  test('apart and together again are the same bytes', () => {
    fc.assert(
      fc.property(encoded, (bytes) => {
        expect(joinSections(splitSections(bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('what is delivered has the bytes of the sender, behind our own header and annotations', () => {
    fc.assert(
      fc.property(encoded, (bytes) => {
        const before = splitSections(parseSubmission(bytes, random).bytes);
        const delivered = deliveredBytes(shown, parseSubmission(bytes, random).bytes, 'active', 1_700_000_060_000);
        const after = splitSections(delivered);
        expect(after.body.equals(before.body)).toBe(true);
        expect(after.applicationProperties).toEqual(before.applicationProperties);
        const { ttl, message_annotations: annotations, ...rest } = decodeMessage(delivered);
        expect(ttl).toBe(60_000);
        expect(rest).toMatchObject({ delivery_count: 2 });
        expect(annotations).toMatchObject({
          'x-opt-sequence-number': 7,
          'x-opt-enqueue-sequence-number': 5,
          'x-opt-locked-until': new Date(1_700_000_060_000),
          'x-opt-message-state': 0,
        });
      }),
    );
  });

  test('annotations of a former life go, those of the sender stay', () => {
    const bytes = encodeMessage({
      message_id: 'm',
      message_annotations: {
        'x-opt-sequence-number': types.wrap_long(99),
        'x-opt-deadletter-source': 'old',
        'x-opt-partition-key': 'p',
        own: types.wrap_int(3),
      },
    });
    const { message_annotations: annotations } = decodeMessage(deliveredBytes(shown, bytes, 'deferred', undefined));
    expect(annotations).toEqual({
      'x-opt-partition-key': 'p',
      own: 3,
      'x-opt-sequence-number': 7,
      'x-opt-enqueue-sequence-number': 5,
      'x-opt-enqueued-time': new Date(1_700_000_000_000),
      'x-opt-message-state': 1,
    });
  });

  test('properties are set without touching the others', () => {
    const long = types.wrap_long(Buffer.from('7fffffffffffffff', 'hex'));
    const bytes = encodeMessage({ message_id: 'm', application_properties: { kept: long, changed: 1 } });
    const after = modified(
      bytes,
      new Map<string, unknown>([
        ['changed', 'two'],
        ['added', true],
      ]),
    );
    expect(decodeMessage(after).application_properties).toEqual({
      kept: Buffer.from('7fffffffffffffff', 'hex'),
      changed: 'two',
      added: true,
    });
    expect(modified(bytes, new Map())).toBe(bytes);
  });

  test('a message without an id gets one, and keeps its other properties', () => {
    const { bytes, messageId } = parseSubmission(encodeMessage({ group_id: 'g', to: 't', body: 'b' }), random);
    expect(messageId).toMatch(/^[0-9a-f]{32}$/);
    expect(decodeMessage(bytes)).toMatchObject({ message_id: messageId, group_id: 'g', to: 't', body: 'b' });
  });

  test('a batch holds encoded messages', () => {
    const messages = ['a', 'b'].map((id) => encodeMessage({ message_id: id, body: id }));
    const sections = messages.map((message) =>
      Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xa0, message.length]), message]),
    );
    const envelope = Buffer.concat(sections);
    expect(dataSections(splitSections(envelope).body)).toEqual(messages);
    expect(parseTransfer(envelope, 0x80013700, random).map(({ messageId }) => messageId)).toEqual(['a', 'b']);
  });
});

describe('bytes that are no message', () => {
  test('are refused as such, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (noise) => {
        try {
          splitSections(Buffer.from(noise));
        } catch (error) {
          expect(error).toMatchObject({ condition: 'amqp:decode-error' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['00', '0053', '005399 45', '00537345 00', '005373c0ff01', '005374d1ffffffff00000001', '00'.repeat(40)])(
    '%s',
    (hex) => {
      expect(() => splitSections(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(
        expect.objectContaining({ condition: 'amqp:decode-error' }),
      );
    },
  );
});

test('lists and maps of any size come apart as they were put together', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 400 }), { maxLength: 300 }), (texts) => {
      const elements = texts.map(text);
      for (const compound of [list(elements), map(elements)]) {
        expect(endOfValue(compound, 0)).toBe(compound.length);
        expect(elementsOf(compound).map(textOf)).toEqual(texts);
      }
    }),
  );
});
