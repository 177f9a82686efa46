// What an authenticated request may do. A shared key may do everything; a signature only what it was signed for.
import { refusal } from './errors.ts';
import { type AccessRange, isWithin } from './key-range.ts';
import type { Identity } from '../token.ts';
import type { Operation } from './operation.ts';

export type Grant =
  | { readonly kind: 'owner' }
  | { readonly kind: 'token'; readonly identity: Identity }
  | {
      readonly kind: 'account-sas';
      readonly permissions: string;
      /** Signed resource types: s(ervice), c(ontainer: a table), o(bject: an entity). */
      readonly resourceTypes: string;
    }
  | {
      readonly kind: 'table-sas';
      readonly permissions: string;
      /** The table's name in lower case. */
      readonly table: string;
      readonly range: AccessRange;
    };

/**
 * Permissions are those of "Create an account SAS" and "Create a service SAS": of `anyOf`, one is needed; of `allOf`, all.
 * Refuses with the service's 403 codes.
 */
function need(grant: Grant, resourceType: string, allOf: readonly string[], anyOf?: readonly string[]): void {
  if (grant.kind === 'owner') return;
  if (grant.kind === 'token') {
    const { roles } = grant.identity;
    const reads = anyOf === undefined && allOf.every((permission) => permission === 'r' || permission === 'l');
    if (roles.includes('write') || (reads && roles.includes('read'))) return;
    throw refusal('AuthorizationPermissionMismatch');
  }
  if (grant.kind === 'table-sas') {
    if (resourceType !== 'o') throw refusal('AuthorizationFailure');
  } else if (!grant.resourceTypes.includes(resourceType)) {
    throw refusal('AuthorizationResourceTypeMismatch');
  }
  const has = (permission: string): boolean => grant.permissions.includes(permission);
  if (!allOf.every(has) || anyOf?.some(has) === false) throw refusal('AuthorizationPermissionMismatch');
}

export const mayListTables = (grant: Grant): void => need(grant, 'c', ['l']);
export const mayCreateTable = (grant: Grant): void => need(grant, 'c', [], ['c', 'w']);
export const mayDropTable = (grant: Grant): void => need(grant, 'c', ['d']);
export const mayReadService = (grant: Grant): void => need(grant, 's', ['r']);
export const mayWriteService = (grant: Grant): void => need(grant, 's', ['w']);

/** Whose key to sign with is asked for: a token tells, and its roles whether it may. */
export function mayDelegate(grant: Grant): Identity {
  if (grant.kind !== 'token') throw refusal('AuthenticationFailed');
  if (!grant.identity.roles.includes('delegate')) throw refusal('AuthorizationPermissionMismatch');
  return grant.identity;
}

/** Stored access policies belong to the account's owner alone. */
export function mayHandlePolicies(grant: Grant): void {
  if (grant.kind !== 'owner') throw refusal('AuthorizationFailure');
}

/** Queries outside a signature's range are no error: they find nothing there. */
export function mayQuery(grant: Grant, table: string): void {
  mayUseTable(grant, table);
  need(grant, 'o', ['r']);
}

export function mayWrite(grant: Grant, table: string, operation: Operation): void {
  mayUseTable(grant, table);
  need(grant, 'o', permissionsFor(operation));
  if (grant.kind === 'table-sas' && !isWithin(operation, grant.range)) throw refusal('AuthorizationFailure');
}

export function rangeOf(grant: Grant): AccessRange | undefined {
  return grant.kind === 'table-sas' ? grant.range : undefined;
}

function mayUseTable(grant: Grant, table: string): void {
  if (grant.kind === 'table-sas' && grant.table !== table.toLowerCase()) throw refusal('AuthorizationFailure');
}

function permissionsFor(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case 'insert':
      return ['a'];
    case 'replace':
    case 'merge':
      // Without If-Match it may insert as well.
      return operation.match === undefined ? ['a', 'u'] : ['u'];
    case 'delete':
      return ['d'];
  }
}
