// SAS of a share or of one file, made by hand: a batch of slots needs hundreds, and the official client takes ten times as
// long for each. https://learn.microsoft.com/rest/api/storageservices/create-service-sas, .../create-user-delegation-sas
import { apiVersion } from '../rest/files.ts';
import { delegationFields, seconds, signedQuery, type SigningKey } from './signed.ts';

export interface FileSas {
  readonly account: string;
  readonly key: SigningKey;
  readonly share: string;
  /** Undefined for the whole share. */
  readonly path?: string | undefined;
  /** In the order r, c, w, d. */
  readonly permissions: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly httpsOnly: boolean;
}

/** Query string without the leading `?`. */
export function fileSas(sas: FileSas): string {
  const start = seconds(sas.from);
  const expiry = seconds(sas.to);
  const protocol = sas.httpsOnly ? 'https' : 'https,http';
  const below = sas.path === undefined ? '' : `/${sas.path}`;
  const resource = `/file/${sas.account}/${sas.share}${below}`;
  // Fields that we never set stand in the signed text as empty lines: with the account's key the identifier of a policy,
  // with a delegated one tenant and user that alone may use it; then address, and headers of answers.
  const delegated = delegationFields(sas.key).map(([, value]) => value);
  const who = delegated.length === 0 ? [''] : [...delegated, '', ''];
  const text = [sas.permissions, start, expiry, resource, ...who, '', protocol, apiVersion, '', '', '', '', ''];
  const fields = [
    ['sv', apiVersion],
    ['spr', protocol],
    ['st', start],
    ['se', expiry],
    ['sr', sas.path === undefined ? 's' : 'f'],
    ['sp', sas.permissions],
  ] as const;
  return signedQuery(sas.key, fields, text);
}
