// SAS to read the rows of one partition. The official client signs with the key of the account only; with a delegated key
// the signed text has its fields where Files has them. https://learn.microsoft.com/rest/api/storageservices/create-service-sas
import { delegationFields, seconds, signedQuery, type SigningKey } from './signed.ts';

export interface TableSas {
  readonly account: string;
  readonly key: SigningKey;
  readonly table: string;
  readonly partition: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly httpsOnly: boolean;
}

const keyVersion = '2019-02-02';
/** The first of which Tables gives delegated keys. */
const delegatedVersion = '2025-07-05';

/** Query string without the leading `?`. */
export function tableSas(sas: TableSas): string {
  const start = seconds(sas.from);
  const expiry = seconds(sas.to);
  const delegated = delegationFields(sas.key).map(([, value]) => value);
  const version = delegated.length === 0 ? keyVersion : delegatedVersion;
  const protocol = sas.httpsOnly ? 'https' : '';
  const resource = `/table/${sas.account}/${sas.table.toLowerCase()}`;
  const who = delegated.length === 0 ? [''] : [...delegated, '', ''];
  const { partition } = sas;
  const text = ['r', start, expiry, resource, ...who, '', protocol, version, partition, '', partition, ''];
  const fields = [
    ['sv', version],
    ['spr', protocol],
    ['st', start],
    ['se', expiry],
    ['sp', 'r'],
    ['tn', sas.table],
    ['spk', partition],
    ['epk', partition],
  ] as const;
  return signedQuery(sas.key, fields, text);
}
