import type { DurableHttpRequest } from './action.ts';

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly content: string;
}

/**
 * What an HTTP answer asks for next: the same again by GET at its Location, after a time; `never` where that time is none;
 * undefined where the answer is the result. `result` is JSON text.
 *
 * Microsoft's extension also waits where a 202 names no Location. The library does not, and numbers its next task as if
 * nothing had been scheduled: results would go to the wrong tasks. Here such an answer is the result.
 */
export function nextPoll(
  request: DurableHttpRequest,
  result: unknown,
  otherwiseMs: number,
): { readonly request: DurableHttpRequest; readonly afterMs: number } | 'never' | undefined {
  if (request.asynchronousPatternEnabled !== true || typeof result !== 'string') return undefined;
  const { statusCode, headers } = JSON.parse(result) as HttpResult;
  const location = headerOf(headers, 'location');
  if (statusCode !== 202 || location === undefined || location === '') return undefined;
  const after = headerOf(headers, 'retry-after') ?? '';
  if (after !== '' && !/^\d+$/.test(after)) return 'never';
  return {
    request: { ...request, method: 'GET', uri: new URL(location, request.uri).href, content: undefined },
    afterMs: after === '' ? otherwiseMs : Number(after) * 1000,
  };
}

function headerOf(headers: HttpResult['headers'], name: string): string | undefined {
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : value?.[0];
}
