// The activity behind callHttp: it runs here and is never sent to the worker.
import type { Failure } from './history.ts';
import { messageOf } from '../../base/errors.ts';
import type { DurableHttpRequest } from './action.ts';
import type { HttpResult } from './poll.ts';
import { dotnet } from './texts.ts';

export type HttpOutcome = { readonly result: string } | { readonly failure: Failure };

/** As long as .NET's client waits unless told. */
const timeoutMs = 100_000;
const invalidUri =
  'An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set.';

/** Undefined where the signal ended it. `json` is the library's request. */
export async function callHttp(json: string, signal: AbortSignal): Promise<HttpOutcome | undefined> {
  const { method, uri, headers, content } = JSON.parse(json) as DurableHttpRequest;
  if (!/^https?:\/\//i.test(uri) || !URL.canParse(uri)) return { failure: invalid() };
  const given = new Headers(Object.entries(headers ?? {}));
  if (!given.has('user-agent')) given.set('user-agent', 'Microsoft.Azure.WebJobs.Extensions.DurableTask/3.14.1');
  const hasBody = content !== undefined && content !== null;
  if (hasBody && !given.has('content-type')) given.set('content-type', 'text/plain');
  try {
    const response = await fetch(uri, {
      method: method.toUpperCase(),
      headers: given,
      body: hasBody ? content : null,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const body = Buffer.from(await response.arrayBuffer()).toString('utf8');
    return { result: JSON.stringify(resultOf(response, body)) };
  } catch (error) {
    return signal.aborted ? undefined : { failure: unreachable(uri, error) };
  }
}

/** Content headers belong to the content for .NET, and the extension does not pass them on. */
function resultOf(response: Response, content: string): HttpResult {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of response.headers) if (!name.startsWith('content-')) headers[name] = value;
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies.length === 1 ? (cookies[0] ?? '') : cookies;
  return { statusCode: response.status, headers, content };
}

function unreachable(uri: string, error: unknown): Failure {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { readonly code?: string } | undefined)?.code;
  const { hostname, port } = new URL(uri);
  const reason =
    code === 'ECONNREFUSED'
      ? `Connection refused (${hostname}:${port === '' ? '80' : port})`
      : 'An error occurred while sending the request.';
  const details = dotnet('System.Net.Http.HttpRequestException, System.Net.Http', reason);
  const why = messageOf(cause ?? error);
  return {
    reason,
    details: JSON.stringify({
      ...details,
      InnerException: dotnet('System.IO.IOException, System.Private.CoreLib', why),
    }),
    failure: null,
  };
}

function invalid(): Failure {
  const failure = { ErrorType: 'System.InvalidOperationException', ErrorMessage: invalidUri, StackTrace: null };
  return { reason: invalidUri, details: '', failure };
}
