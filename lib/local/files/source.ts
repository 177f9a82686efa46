import { FilesError } from './errors.ts';
import { decode, namesOf } from './names.ts';
import { parseQuery, withoutAccount, type Request } from './request.ts';

/** A resource of this account that a header names by its URL. */
export type Source = Pick<Request, 'share' | 'names' | 'query' | 'path'>;

/** Parses `x-ms-file-rename-source` or `x-ms-copy-source`. Errors: MissingRequiredHeader, InvalidHeaderValue, names'. */
export function parseSource(request: Request, header: string, account: string): Source {
  const url = request.headers.get(header);
  if (url === undefined) throw new FilesError('MissingRequiredHeader', header);
  const match = /^https?:\/\/[^/?#]+(\/[^?#]*)(\?[^#]*)?$/.exec(url);
  if (match === null) throw new FilesError('InvalidHeaderValue', header);
  const path = withoutAccount(match[1] ?? '/', account);
  const slash = path.indexOf('/', 1);
  if (slash < 0) throw new FilesError('InvalidHeaderValue', header);
  return {
    share: decode(path.slice(1, slash)),
    names: namesOf(path.slice(slash + 1), request.headers.get('x-ms-source-allow-trailing-dot') === 'true'),
    query: parseQuery(match[2] ?? ''),
    path,
  };
}
