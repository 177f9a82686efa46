import type { HttpCookie, Nullable, TypedData } from '../rpc.ts';
import type { HttpAnswer, HttpRequest } from './message.ts';

/** The request as the worker gets it. */
export function toHttpData(request: HttpRequest, params: Readonly<Record<string, string>>): TypedData {
  return {
    http: {
      method: request.method,
      url: request.url,
      nullableHeaders: nullable(request.headers),
      nullableQuery: nullable(request.query),
      nullableParams: nullable(params),
      body: request.body.length === 0 ? undefined : { bytes: request.body },
    },
  };
}

function nullable(values: Readonly<Record<string, string>>): Nullable<string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** The function's answer; nothing returned is 204, and a status that is none is the function's failure: 500. */
export function toAnswer(returned: TypedData | null | undefined): HttpAnswer {
  const http = returned?.http;
  if (http === undefined) return { status: 204 };
  const status = Number(http.statusCode ?? '200');
  if (!Number.isInteger(status) || status < 200 || status > 599) return { status: 500 };
  const headers: Record<string, string | readonly string[]> = { ...http.headers };
  if (http.cookies !== undefined && http.cookies.length > 0) headers['set-cookie'] = http.cookies.map(cookieText);
  return { status, headers, body: bodyOf(http.body) };
}

function bodyOf(data: TypedData | null | undefined): string | Uint8Array | undefined {
  return data?.bytes ?? data?.string ?? data?.json;
}

function cookieText(cookie: HttpCookie): string {
  const sameSite = { none: undefined, lax: 'Lax', strict: 'Strict', explicitNone: 'None' }[cookie.sameSite ?? 'none'];
  return [
    `${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`,
    cookie.maxAge && `Max-Age=${cookie.maxAge.value}`,
    cookie.domain && `Domain=${cookie.domain.value}`,
    cookie.path && `Path=${cookie.path.value}`,
    cookie.expires && `Expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`,
    cookie.httpOnly?.value === true && 'HttpOnly',
    cookie.secure?.value === true && 'Secure',
    sameSite && `SameSite=${sameSite}`,
  ]
    .filter((part) => typeof part === 'string')
    .join('; ');
}
