import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../../lib/local/service-bus/amqp/rhea.ts';
import { edited } from '../../../lib/local/service-bus/modification.ts';
import { readRule, writeRule } from '../../../lib/local/service-bus/rule-definition.ts';
import { compileAction } from '../../../lib/local/service-bus/sql-action.ts';

const message = {
  message_id: 'm',
  to: 't',
  subject: 's',
  content_type: 'text/plain',
  group_id: 'g',
  body: 'kept',
  application_properties: { size: 11, colour: 'red', 'odd name': 'x', gone: true },
};
const newId = (): string => 'new-id';

/** The message after the action, as a receiver decodes it. */
function after(action: string): Record<string, unknown> {
  const bytes = encodeMessage(message);
  const changed = edited(bytes, compileAction(action, newId)(decodeMessage(bytes)));
  return decodeMessage(changed) as unknown as Record<string, unknown>;
}

const own = (changes: object): object => ({
  application_properties: { ...message.application_properties, ...changes },
});

describe('does', () => {
  test.each<[string, object]>([
    ["SET colour = 'blue'", own({ colour: 'blue' })],
    ['SET size = size * 2 + 1;', own({ size: 23 })],
    ['set part = size / 2', own({ part: 5.5 })],
    ["SET user.added = 'a' + colour; SET added = added + added", own({ added: 'areda'.slice(0, 4).repeat(2) })],
    ["SET [odd name] = 'y'; SET \"odd name\" = [odd name] + '!'", own({ 'odd name': 'y!' })],
    ['SET known = EXISTS(size) AND NOT EXISTS(missing)', own({ known: true })],
    ['SET nothing = missing', own({ nothing: null })],
    ['SET id = newid()', own({ id: 'new-id' })],
    ["SET copy = property('odd name')", own({ copy: 'x' })],
    ["SET sys.Label = sys.To; SET sys.To = 'u'", { subject: 't', to: 'u' }],
    ['SET sys.CorrelationId = size', { correlation_id: '11' }],
    [
      "SET sys.ContentType = 'text/html'; SET sys.ReplyToSessionId = 'r'",
      { content_type: 'text/html', reply_to_group_id: 'r' },
    ],
    ["SET sys.SessionId = sys.MessageId + '-session'", { group_id: 'm-session' }],
  ])('%s', (action, expected) => {
    expect(after(action)).toMatchObject({ body: 'kept', message_id: 'm', ...expected });
  });

  test('REMOVE gone; REMOVE sys.Label; REMOVE missing', () => {
    const { application_properties: properties, subject, to } = after('REMOVE gone; REMOVE sys.Label; REMOVE missing');
    const { gone: _, ...rest } = message.application_properties;
    expect([properties, subject, to]).toEqual([rest, undefined, 't']);
  });

  test('nothing to a message without properties that it does not name', () => {
    const bytes = encodeMessage({ body: 1 });
    const changed = edited(bytes, compileAction("SET sys.ReplyTo = 'r'", newId)(decodeMessage(bytes)));
    expect(decodeMessage(changed)).toMatchObject({ reply_to: 'r', body: 1 });
  });
});

describe('is refused', () => {
  test.each(['', ';', 'SET', 'SET a', 'SET a =', 'SET a = 1 SET b = 2', 'SET 1 = a', 'REMOVE', 'REMOVE a, b'])(
    '%j',
    (text) => {
      expect(() => compileAction(text, newId)).toThrow('SQL:');
    },
  );
  test.each(['DROP a', 'SET sys.DeliveryCount = 1', 'SET sys.constructor = 1', 'SET AND = 1', 'a = 1', 'SET a = 1;;'])(
    '%j',
    (text) => {
      expect(() => compileAction(text, newId)).toThrow('SQL:');
    },
  );
});

test('a rule outlives being written down, whatever it compares with', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  );
  const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
  const properties = fc.dictionary(name, value, { noNullPrototype: true });
  const correlation = fc.record({ subject: fc.string(), to: fc.string(), properties });
  const filter = fc.oneof(
    correlation.map((fields) => ({ kind: 'correlation' as const, correlation: fields })),
    fc.string().map((expression) => ({ kind: 'sql' as const, expression })),
  );
  fc.assert(
    fc.property(filter, fc.option(fc.string(), { nil: undefined }), (one, action) => {
      const rule = { name: 'r', filter: one, action };
      expect(readRule('r', writeRule(rule))).toEqual(rule);
    }),
    { numRuns: 200 },
  );
});
