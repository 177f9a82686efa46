import { describe, expect, test } from '@jest/globals';
import { attributesIn, maxXattrBytes, roomFor, withAttributes } from '../../lib/protocol/attributes.ts';
import { nodeState } from '../../lib/protocol/log-row.ts';
import { operation } from '../../lib/protocol/operation.ts';

const bytes = (count: number): Record<string, string> => ({ 'user.a': Buffer.alloc(count).toString('base64') });

describe('attributes on the share', () => {
  test('come back as they were, in ASCII', () => {
    const given = { mode: 0o640, owner: 'Zoë', group: '1000', xattrs: { 'user.a': 'YQ==', 'user.é': '' } };
    const metadata = withAttributes({}, given);
    expect(Object.values(metadata).join('')).toMatch(/^[!-~]*$/);
    expect(attributesIn(metadata)).toEqual(given);
  });

  test('what is not given stays, what is given replaces, none is none', () => {
    const before = withAttributes(
      { tw_op: 'slot' },
      { mode: 0o600, owner: 'a', group: 'b', xattrs: { 'user.a': 'YQ==' } },
    );
    const after = withAttributes(before, { owner: 'c', xattrs: {} });
    expect(after['tw_op']).toBe('slot');
    expect(attributesIn(after)).toEqual({ mode: 0o600, owner: 'c', group: 'b' });
  });

  test('what finds no room there is left out, and what was there before does not stand for it', () => {
    expect([roomFor(bytes(100)), roomFor(bytes(6000)), roomFor(bytes(maxXattrBytes))]).toEqual([
      'share',
      'row',
      'none',
    ]);
    const before = withAttributes({}, { xattrs: bytes(100) });
    expect(withAttributes(before, { xattrs: bytes(6000) })).toEqual({});
  });

  test('all together stay below the 8 KiB that the service takes', () => {
    const most = { mode: 0o777, owner: 'é'.repeat(255), group: 'é'.repeat(255), xattrs: {} as Record<string, string> };
    for (let count = 2200; roomFor(bytes(count)) === 'share'; count++) most.xattrs = bytes(count);
    // A name of 255 bytes, none of them UTF-8: six characters each in JSON.
    const name = Buffer.from(JSON.stringify('\udcff'.repeat(255))).toString('base64url');
    const metadata = withAttributes(
      { tw_op: 'x'.repeat(64), tw_node: 'x'.repeat(80), tw_name: name, tw_mtime: '-'.repeat(22) },
      most,
    );
    expect(Object.keys(most.xattrs)).toHaveLength(1);
    expect(Object.entries(metadata).flat().join('').length).toBeLessThan(8 * 1024);
  });

  test.each([
    ['a mode that is none', { tw_mode: '999' }],
    ['setuid', { tw_mode: '4755' }],
    ['no base64url', { tw_owner: '%%%' }],
    ['another type', { tw_owner: Buffer.from('7').toString('base64url') }],
    ['an attribute of the system', { tw_xattrs: Buffer.from('{"trusted.a":""}').toString('base64url') }],
  ])('%s says nothing', (_, metadata) => {
    expect(attributesIn(metadata)).toEqual({});
  });
});

describe('messages and rows', () => {
  const create = {
    kind: 'create',
    node: 'e-1-1',
    parent: 'root',
    name: 'a',
    content: { slot: 's-1', size: 1, hash: 'a'.repeat(64), etag: '"1"', whole: true },
    mtime: '1',
    mode: 0o644,
  };

  test('without the fields of today are read as before', () => {
    expect(operation.parse(create)).toEqual(create);
    const attributes = { kind: 'attributes', node: 'e-1-1', base: 1, mode: 0o600 };
    expect(operation.parse(attributes)).toEqual(attributes);
    const row = {
      id: 'a',
      parent: 'root',
      name: 'a',
      kind: 'file',
      version: 1,
      seq: 1,
      size: 0,
      hash: null,
      mtime: '0',
    };
    const facts = { mode: 0o644, etag: '', fileId: '', lastWrite: '', author: 'paris' };
    expect(nodeState.parse({ ...row, ...facts })).toEqual({ ...row, ...facts });
  });

  test.each([
    ['attributes of root', { xattrs: { 'trusted.a': '' } }],
    ['a name without a name', { xattrs: { 'user.': '' } }],
    ['a value that is no base64', { xattrs: { 'user.a': '!' } }],
    ['more than a row takes', { xattrs: bytes(maxXattrBytes) }],
    ['an empty owner', { owner: '' }],
    ['an empty target', { target: '' }],
  ])('%s are refused', (_, more) => {
    expect(operation.safeParse({ ...create, ...more }).success).toBe(false);
  });
});
