// Signatures beyond what the official client makes: origins, versions, and what a signature must not be good for.
import { describe, expect, test } from '@jest/globals';
import { mayCreateTable, mayHandlePolicies, mayListTables, mayReadService } from '../../../lib/local/tables/grant.ts';
import type { Grant } from '../../../lib/local/tables/grant.ts';
import { grantOfSignature } from '../../../lib/local/tables/sas.ts';
import { signer } from '../../../lib/local/tables/signature.ts';
import { readAddress } from '../../../lib/local/tables/target.ts';

const sign = signer(Buffer.alloc(64, 1).toString('base64'));
const now = Date.parse('2026-01-31T12:00:00Z');
const context = { account: 'me', sign, now: () => now, policy: () => undefined };
const valid = { sv: '2019-02-02', sp: 'r', se: '2026-01-31T12:00:01Z', tn: 'Things' };

type Fields = Readonly<Record<string, string>>;

function tableGrant(fields: Fields, path = '/me/Things()', remote = '127.0.0.1'): Grant {
  const value = (name: string): string => fields[name] ?? '';
  const before = ['sp', 'st', 'se'].map(value);
  const after = ['si', 'sip', 'spr', 'sv', 'spk', 'srk', 'epk', 'erk'].map(value);
  const sig = sign([...before, `/table/me/${value('tn').toLowerCase()}`, ...after].join('\n'));
  const query = new URLSearchParams({ ...fields, sig });
  return grantOfSignature(readAddress(`${path}?${query.toString()}`, 'me'), remote, context);
}

const refuses = (attempt: () => unknown, code: string): void =>
  expect(attempt).toThrow(expect.objectContaining({ status: 403, code }));

describe('a table signature', () => {
  test('is good for its table in any case', () => {
    expect(tableGrant(valid)).toMatchObject({ kind: 'table-sas', permissions: 'r', table: 'things' });
    expect(tableGrant(valid, '/me/THINGS()')).toMatchObject({ table: 'things' });
    refuses(() => tableGrant(valid, '/me/Others()'), 'AuthenticationFailed');
  });

  test('is good within its time, ends excluded', () => {
    refuses(() => tableGrant({ ...valid, se: '2026-01-31T12:00:00Z' }), 'AuthenticationFailed');
    refuses(() => tableGrant({ ...valid, st: '2026-01-31T12:00:01Z' }), 'AuthenticationFailed');
    expect(tableGrant({ ...valid, st: '2026-01-31T12:00:00Z' })).toBeDefined();
    refuses(() => tableGrant({ ...valid, se: '' }), 'AuthenticationFailed');
    refuses(() => tableGrant({ ...valid, se: 'tomorrow' }), 'AuthenticationFailed');
    refuses(() => tableGrant({ ...valid, st: 'yesterday' }), 'AuthenticationFailed');
  });

  test('is good from its addresses and over its protocol', () => {
    expect(tableGrant({ ...valid, sip: '127.0.0.1' })).toBeDefined();
    expect(tableGrant({ ...valid, sip: '127.0.0.0-127.0.0.9' }, undefined, '::ffff:127.0.0.5')).toBeDefined();
    refuses(() => tableGrant({ ...valid, sip: '127.0.0.2' }), 'AuthorizationSourceIPMismatch');
    refuses(() => tableGrant({ ...valid, sip: '10.0.0.1-10.0.0.9' }), 'AuthorizationSourceIPMismatch');
    refuses(() => tableGrant({ ...valid, sip: 'anywhere' }), 'AuthorizationSourceIPMismatch');
    expect(tableGrant({ ...valid, spr: 'https,http' })).toBeDefined();
    refuses(() => tableGrant({ ...valid, spr: 'https' }), 'AuthorizationProtocolMismatch');
  });

  test('of a missing policy or an old version is refused', () => {
    refuses(() => tableGrant({ ...valid, si: 'gone' }), 'AuthenticationFailed');
    refuses(() => tableGrant({ ...valid, sv: '2014-02-14' }), 'AuthenticationFailed');
    refuses(() => tableGrant({ ...valid, tn: '' }), 'AuthenticationFailed');
  });

  test('opens nothing but entities, whatever its permissions', () => {
    const grant = tableGrant({ ...valid, sp: 'rwdlacu' }, '/me/Tables');
    for (const may of [mayListTables, mayCreateTable, mayReadService, mayHandlePolicies])
      refuses(() => may(grant), 'AuthorizationFailure');
  });
});

describe('an account signature', () => {
  const account = { sv: '2019-02-02', ss: 't', srt: 'c', sp: 'l', se: '2026-01-31T13:00:00Z' };
  const accountGrant = (fields: Fields): Grant => {
    const value = (name: string): string => fields[name] ?? '';
    const signed = ['me', ...['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv'].map(value)];
    if (value('sv') >= '2020-12-06') signed.push(value('ses'));
    const query = new URLSearchParams({ ...fields, sig: sign([...signed, ''].join('\n')) });
    return grantOfSignature(readAddress(`/me/Tables?${query.toString()}`, 'me'), '127.0.0.1', context);
  };

  test('of old and new versions is understood', () => {
    const grant = accountGrant(account);
    mayListTables(grant);
    refuses(() => mayCreateTable(grant), 'AuthorizationPermissionMismatch');
    refuses(() => mayReadService(grant), 'AuthorizationResourceTypeMismatch');
    refuses(() => mayHandlePolicies(grant), 'AuthorizationFailure');
    expect(accountGrant({ ...account, sv: '2022-11-02' })).toMatchObject({ kind: 'account-sas' });
  });

  test('of other services is refused', () => {
    refuses(() => accountGrant({ ...account, ss: 'bfq' }), 'AuthorizationServiceMismatch');
  });
});
