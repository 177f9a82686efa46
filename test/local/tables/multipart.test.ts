import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { readBatch } from '../../../lib/local/tables/multipart.ts';
import { readPolicies, policiesXml } from '../../../lib/local/tables/policies.ts';
import { parseXml } from '../../../lib/local/tables/xml.ts';

const type = 'multipart/mixed; boundary=batch_1';

function write(bodies: readonly string[], end: string): string {
  const parts = bodies.map((body, i) =>
    ['--c', 'content-type: application/http', '', `PUT /x/${i} HTTP/1.1`, 'If-Match: *', '', body, ''].join(end),
  );
  const changes = `${parts.join('')}--c--${end}`;
  return ['--batch_1', 'Content-Type: multipart/mixed; boundary="c"', '', `${changes}--batch_1--`, ''].join(end);
}

describe('a batch', () => {
  test('is read with either line end, whatever the entities say', () => {
    const body = fc.oneof(fc.json(), fc.constantFrom('{"a":"--c"}', '{"a":"\\n--c--\\r\\n--batch_1--"}', ''));
    fc.assert(
      fc.property(fc.array(body, { maxLength: 5 }), fc.constantFrom('\n', '\r\n'), (bodies, end) => {
        if (bodies.length === 0) return;
        const { kind, parts } = readBatch(type, write(bodies, end));
        expect(kind).toBe('changes');
        expect(parts.map((part) => part.body.trim())).toEqual(bodies.map((text) => text.trim()));
        expect(parts.map((part) => [part.method, part.url, part.headers.get('if-match')])).toEqual(
          bodies.map((_, i) => ['PUT', `/x/${i}`, '*']),
        );
      }),
    );
  });

  test('that ends early is refused, wherever it ends', () => {
    const whole = write(['{"a":1}', '{"b":2}'], '\r\n');
    for (let length = 0; length < whole.length - '--\r\n'.length; length++)
      expect(() => readBatch(type, whole.slice(0, length))).toThrow(expect.objectContaining({ code: 'InvalidInput' }));
  });

  test('whose boundary only starts alike is another one', () => {
    expect(() => readBatch('multipart/mixed; boundary=batch', write(['{}'], '\n'))).toThrow(
      expect.objectContaining({ code: 'InvalidInput' }),
    );
  });
});

describe('policies', () => {
  test('survive writing and reading, whatever the id', () => {
    const policy = fc.record({
      id: fc.string({ minLength: 1, maxLength: 64 }).filter((id) => id.trim() === id && !/[^\x20-\x7e]/.test(id)),
      start: fc.constantFrom('', '2026-01-01T00:00:00Z'),
      expiry: fc.constantFrom('', '2027-01-01T00:00:00Z'),
      permission: fc.constantFrom('', 'r', 'raud'),
    });
    const policies = fc.uniqueArray(policy, { maxLength: 5, selector: ({ id }) => id });
    fc.assert(fc.property(policies, (all) => expect(readPolicies(policiesXml(all))).toEqual(all)));
  });

  test.each([
    '<SignedIdentifiers><SignedIdentifier><Id>a</Id></SignedIdentifier><SignedIdentifier><Id>a</Id></SignedIdentifier></SignedIdentifiers>',
    `<SignedIdentifiers>${'<SignedIdentifier><Id>a</Id></SignedIdentifier>'.repeat(6)}</SignedIdentifiers>`,
    '<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Permission>x</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>',
    '<SignedIdentifiers><SignedIdentifier><Id></Id></SignedIdentifier></SignedIdentifiers>',
    '<Other/>',
  ])('%s is refused', (xml) => {
    expect(() => readPolicies(xml)).toThrow(expect.objectContaining({ code: 'InvalidXmlDocument' }));
  });
});

describe('XML', () => {
  test('is read with declaration, comments, attributes and entities', () => {
    const text = '\uFEFF<?xml version="1.0"?><!-- a --><a b="c" d=\'e\'><f/>1 &lt; 2 &amp; &#x1F600;&#233;</a>\n';
    expect(parseXml(text)).toEqual({
      name: 'a',
      children: [{ name: 'f', children: [], text: '' }],
      text: '1 < 2 & \u{1f600}é',
    });
  });

  test.each([
    '',
    'text',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><b/>',
    '<a>&nope;</a>',
    '<a>&constructor;</a>',
    '<a>&</a>',
    '<a b=c/>',
  ])('%s is none', (text) => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ code: 'InvalidXmlDocument' }));
  });
});
