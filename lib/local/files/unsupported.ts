import { FilesError } from './errors.ts';
import type { Request } from './request.ts';

// What Azure Files has and a share of this kind (SMB, pay as you go) has not, and what the embedded service leaves out: it
// is refused by name rather than passed over, for who sent it counts on it.

/** NFS properties, and the right to read a source by somebody's token. */
const headers = [
  'x-ms-owner',
  'x-ms-group',
  'x-ms-mode',
  'x-ms-file-file-type',
  'x-ms-file-mode-copy-mode',
  'x-ms-file-owner-copy-mode',
  'x-ms-copy-source-authorization',
];

const conditions = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** Links, which only NFS shares have. */
const types = new Set(['hardlink', 'symboliclink']);

/** Errors: UnsupportedHeader, UnsupportedQueryParameter, ConditionHeadersNotSupported, InvalidHeaderValue. */
export function refuseUnsupported(request: Request): void {
  const version = request.headers.get('x-ms-version');
  if (version !== undefined && !/^\d{4}-\d\d-\d\d$/.test(version))
    throw new FilesError('InvalidHeaderValue', 'x-ms-version');
  for (const name of headers) if (request.headers.has(name)) throw new FilesError('UnsupportedHeader', name);
  for (const name of conditions)
    if (request.headers.has(name)) throw new FilesError('ConditionHeadersNotSupported', name);
  const type = request.query.get('restype');
  if (type !== undefined && types.has(type)) throw new FilesError('UnsupportedQueryParameter', `restype=${type}`);
  const format = request.headers.get('x-ms-file-permission-format');
  if (format !== undefined && format.toLowerCase() !== 'sddl')
    throw new FilesError('InvalidHeaderValue', 'x-ms-file-permission-format');
}
