// Requests that the official client would never send.
import { createHmac } from 'node:crypto';
import { request } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** Under the account, without its slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** SharedKeyLite unless told otherwise. */
  readonly scheme?: 'SharedKey' | 'SharedKeyLite' | 'none';
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The code in the error that the body tells. */
  readonly code: string | undefined;
}

export interface Account {
  readonly name: string;
  readonly key: string;
}

/** Signs by the account's key and sends; `base` is the service's URL. */
export function sendRaw(base: string, account: Account, raw: RawRequest): Promise<RawResponse> {
  const url = new URL(`${base}/${raw.path}`);
  const date = new Date().toUTCString();
  const headers: Record<string, string> = { 'x-ms-date': date, 'x-ms-version': '2019-02-02', ...raw.headers };
  const { scheme = 'SharedKeyLite' } = raw;
  if (scheme !== 'none') {
    const comp = url.searchParams.get('comp');
    const resource = `/${account.name}${url.pathname}${comp === null ? '' : `?comp=${comp}`}`;
    const full = `${raw.method}\n${headers['content-md5'] ?? ''}\n${headers['content-type'] ?? ''}\n`;
    const text = `${scheme === 'SharedKey' ? full : ''}${date}\n${resource}`;
    const signature = createHmac('sha256', Buffer.from(account.key, 'base64')).update(text).digest('base64');
    headers['authorization'] ??= `${scheme} ${account.name}:${signature}`;
  }
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: raw.method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const code = /"odata\.error":\{"code":"(\w+)"/.exec(text)?.[1];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
      });
    });
    sending.on('error', reject);
    sending.end(raw.body);
  });
}
