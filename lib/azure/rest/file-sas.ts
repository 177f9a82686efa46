// Service SAS of one file, made by hand: a batch of slots needs hundreds, and the official client takes ten times as long
// for each. https://learn.microsoft.com/rest/api/storageservices/create-service-sas
import { apiVersion } from './files.ts';
import { signWith } from './shared-key.ts';

export interface FileSas {
  readonly account: string;
  /** Base64. */
  readonly key: string;
  readonly share: string;
  readonly path: string;
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
  const resource = `/file/${sas.account}/${sas.share}/${sas.path}`;
  // Fields that we never set (identifier, address, response headers) stand in the signed text as empty lines.
  const text = [sas.permissions, start, expiry, resource, '', '', protocol, apiVersion, '', '', '', '', ''].join('\n');
  const pairs = [
    ['sv', apiVersion],
    ['spr', protocol],
    ['st', start],
    ['se', expiry],
    ['sr', 'f'],
    ['sp', sas.permissions],
    ['sig', signWith(sas.key, text)],
  ] as const;
  return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
