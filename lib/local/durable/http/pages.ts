import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';

const token = 'x-ms-continuation-token';

/** The id after which the next page begins; undefined for a token that is none of ours. */
export function continuation({ headers }: HttpRequest): string | undefined {
  const text = headers[token];
  if (text === undefined) return '';
  try {
    const { after } = JSON.parse(Buffer.from(text.trim(), 'base64').toString()) as { readonly after?: unknown };
    return typeof after === 'string' ? after : undefined;
  } catch {
    // Somebody else's: there is no page after it.
    return undefined;
  }
}

/** For the LIMIT of a query: one more than the page holds, which tells whether another one follows; -1 for all. */
export function limitOf(top: string | undefined): number {
  const given = top === undefined ? NaN : Number(top);
  return Number.isInteger(given) && given >= 0 ? given + 1 : -1;
}

/** At most `top` of what was found, and where the rest begins. */
export function page<T extends { readonly id: string }>(
  found: readonly T[],
  top: string | undefined,
  after: string,
  view: (one: T) => unknown,
): HttpAnswer {
  const given = top === undefined ? NaN : Number(top);
  if (given < 0) return { status: 500 };
  const most = Number.isInteger(given) ? given : Infinity;
  const shown = found.slice(0, most);
  const answer = jsonAnswer(200, shown.map(view));
  if (found.length <= most) return answer;
  const next = Buffer.from(JSON.stringify({ after: shown.at(-1)?.id ?? after })).toString('base64');
  return { ...answer, headers: { ...answer.headers, [token]: next } };
}
