// The calls of Azure Files that every file takes, as bare REST: create with content, write a range, rename, read. Beside
// speed there is a second reason: file times travel as strings of 100 ns, which the official client's Date cannot hold.
// https://learn.microsoft.com/rest/api/storageservices/file-service-rest-api
import { count } from '../../base/counters.ts';
import type { Answer } from './answer-reader.ts';
import { connect, type Connection } from './request.ts';
import { sharedKey, type Credential } from './shared-key.ts';

export const apiVersion = '2026-10-06';

export interface FilesAnswer extends Answer {
  /** `x-ms-error-code`, '' where the call went well. */
  readonly code: string;
}

export interface FilesRest {
  /** `path` is relative to the share, unencoded; `sas` overrides the credential for this call. */
  call(
    method: string,
    path: string,
    query: readonly (readonly [string, string])[],
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
    sas?: string,
  ): Promise<FilesAnswer>;
  /** The full URL of a path, as `x-ms-file-rename-source` wants it. */
  urlOf(path: string): string;
  close(): void;
}

const timeoutMs = 60_000;

/** `shareUrl` is the share's URL without query, for example `https://acct.file.core.windows.net/docs`. */
export function filesRest(shareUrl: string, credential: Credential, sockets = 64): FilesRest {
  const url = new URL(shareUrl);
  const connection: Connection = connect(url.origin, sockets);
  const base = url.pathname.replace(/\/$/, '');
  const pathOf = (path: string): string => `${base}/${path.split('/').map(encodeURIComponent).join('/')}`;
  return {
    urlOf: (path) => `${url.origin}${pathOf(path)}`,
    close: () => connection.close(),
    call: async (method, path, query, headers, body, sas) => {
      const target = pathOf(path);
      const all: Record<string, string> = {
        'x-ms-version': apiVersion,
        'x-ms-date': new Date().toUTCString(),
        'x-ms-allow-trailing-dot': 'true',
        ...headers,
        'content-length': String(body?.length ?? 0),
      };
      const used: Credential = sas === undefined ? credential : { kind: 'sas', sas };
      if (used.kind === 'key') all['authorization'] = sharedKey(used, method, target, query, all);
      if (used.kind === 'token') {
        all['authorization'] = `Bearer ${await used.token()}`;
        all['x-ms-file-request-intent'] = 'backup';
      }
      const pairs = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      if (used.kind === 'sas') pairs.push(used.sas);
      const full = pairs.length === 0 ? target : `${target}?${pairs.join('&')}`;
      count(`requests.files.${kindOf(method, query)}`);
      const answer = await connection.request(method, full, all, body, timeoutMs);
      const code = answer.headers.get('x-ms-error-code');
      return { ...answer, code: code ?? (answer.status < 400 ? '' : `Http${answer.status}`) };
    },
  };
}

/** As Azure's metrics tell requests apart: `PUT range`, `GET directory list`. */
function kindOf(method: string, query: readonly (readonly [string, string])[]): string {
  let kind = method;
  for (const [name, value] of query) if (name === 'comp' || name === 'restype') kind += ` ${value}`;
  return kind;
}

/** '' where the service sent none. */
export function header(answer: Answer, name: string): string {
  return answer.headers.get(name) ?? '';
}
