// The activity behind callHttp: it runs here and is never sent to the worker.
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { DurableHttpRequest } from './action.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { Failure } from './history.ts';
import type { HttpResult } from './poll.ts';
import { dotnet } from './texts.ts';

export type HttpOutcome = { readonly result: string } | { readonly failure: Failure };

/** As long as .NET's client waits, and as often as it follows a redirection. */
const timeoutMs = 100_000;
const mostRedirections = 50;
const userAgent = 'Microsoft.Azure.WebJobs.Extensions.DurableTask/3.14.1';
const invalidUri =
  'An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set.';

/** `json` is the library's request. Undefined where the signal ended it. */
export async function callHttp(json: string, jar: CookieJar, signal: AbortSignal): Promise<HttpOutcome | undefined> {
  const request = JSON.parse(json) as DurableHttpRequest;
  if (!/^https?:\/\//i.test(request.uri) || !URL.canParse(request.uri)) return { failure: invalid() };
  if (request.tokenSource !== undefined && request.tokenSource !== null) return { failure: withoutToken() };
  const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return { result: JSON.stringify(await follow(request, jar, ends)) };
  } catch (error) {
    return signal.aborted ? undefined : { failure: unreachable(request.uri, error) };
  }
}

async function follow(request: DurableHttpRequest, jar: CookieJar, signal: AbortSignal): Promise<HttpResult> {
  let one = request;
  for (let n = 0; ; n++) {
    const { status, headers, content } = await exchange(one, jar, signal);
    const location = headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
    const isRedirected = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
    if (!isRedirected || n === mostRedirections) return { statusCode: status, headers: grouped(headers), content };
    const keeps = status === 307 || status === 308 || /^(get|head)$/i.test(one.method);
    one = { ...one, uri: new URL(location, one.uri).href, ...(keeps ? {} : { method: 'GET', content: undefined }) };
  }
}

interface Exchange {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: string;
}

async function exchange(one: DurableHttpRequest, jar: CookieJar, signal: AbortSignal): Promise<Exchange> {
  const url = new URL(one.uri);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = new Headers({ 'user-agent': userAgent, ...one.headers });
  const content = one.content ?? undefined;
  // As .NET's content has it: the type alone, of plain text unless told.
  if (content !== undefined)
    headers.set('content-type', (headers.get('content-type') ?? 'text/plain').split(';')[0]?.trim() ?? '');
  const cookies = jar.of(url);
  if (cookies !== '') headers.set('cookie', cookies);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { method: one.method, headers: Object.fromEntries(headers), signal, agent: false })
      .once('response', resolve)
      .once('error', reject)
      .end(content);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = response.rawHeaders;
  const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
  jar.take(url, response.headers['set-cookie'] ?? []);
  return { status: response.statusCode ?? 0, headers: pairs, content: Buffer.concat(chunks).toString('utf8') };
}

/** A header with several values is an array. Those of the content are, for .NET, not the answer's, and are missing. */
function grouped(pairs: Exchange['headers']): HttpResult['headers'] {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of pairs) {
    if (/^content-/i.test(name)) continue;
    const known = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
    const before = headers[known];
    headers[known] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

function unreachable(uri: string, error: unknown): Failure {
  const { hostname, port, protocol } = new URL(uri);
  const isRefused = codeOf(error) === 'ECONNREFUSED';
  const to = `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
  const reason = isRefused ? `Connection refused (${to})` : 'An error occurred while sending the request.';
  const inner = dotnet('System.IO.IOException, System.Private.CoreLib', messageOf(error));
  const details = dotnet('System.Net.Http.HttpRequestException, System.Net.Http', reason);
  return { reason, details: JSON.stringify({ ...details, InnerException: inner }), failure: null };
}

function invalid(): Failure {
  return invalidOperation(invalidUri);
}

/** Azure gives tokens to an app's identity; there is none here. */
function withoutToken(): Failure {
  return invalidOperation('The embedded Durable Functions have no managed identity: callHttp cannot get a token here.');
}

function invalidOperation(text: string): Failure {
  const failure = { ErrorType: 'System.InvalidOperationException', ErrorMessage: text, StackTrace: '' };
  return { reason: text, details: '', failure };
}
