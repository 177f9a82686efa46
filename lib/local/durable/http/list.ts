import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';
import { type Instance, type Status, type Store, instanceOf } from '../store.ts';
import { continuation, limitOf, page } from './pages.ts';
import { isOn, statusBody } from './status.ts';

const statuses: readonly string[] = [
  'Pending',
  'Running',
  'Suspended',
  'Completed',
  'Failed',
  'Terminated',
  'Canceled',
] satisfies Status[];
const lasting: readonly string[] = ['Completed', 'Failed', 'Terminated', 'Canceled'];

/** GET instances: by id, in pages where `top` says so. */
export function list(request: HttpRequest, store: Store): HttpAnswer {
  const { query } = request;
  const after = continuation(request);
  if (after === undefined) return jsonAnswer(200, []);
  const words = wordsOf(query['runtimeStatus']).filter((word) => statuses.includes(word));
  const showInput = isOn(query['showInput'], true);
  const found = select(query, words, after, limitOf(query['top']), store);
  return page(found, query['top'], after, (one) => statusBody(one, showInput));
}

/**
 * DELETE instances: those created in a time, of given final states, or of any. What has not ended stays, whatever the words
 * say; Microsoft's extension drops words that are no final state, and with none left deletes all.
 */
export async function purgeBy(request: HttpRequest, store: Store): Promise<HttpAnswer> {
  const { query } = request;
  if (timeOf(query['createdTimeFrom']) === undefined)
    return jsonAnswer(400, { Message: "Please provide value for 'createdTimeFrom' parameter." });
  const given = wordsOf(query['runtimeStatus']);
  const words = given.length === 0 ? lasting : given.filter((word) => lasting.includes(word));
  if (words.length === 0) return { status: 404 };
  const count = await store.commit(() => {
    const found = select(query, words, '', -1, store);
    for (const { id } of found) store.purge(id);
    return found.length;
  });
  return count === 0 ? { status: 404 } : jsonAnswer(200, { instancesDeleted: count });
}

function select(
  query: HttpRequest['query'],
  words: readonly string[],
  after: string,
  limit: number,
  store: Store,
): Instance[] {
  const from = timeOf(query['createdTimeFrom']) ?? 0;
  const to = timeOf(query['createdTimeTo']) ?? Number.MAX_SAFE_INTEGER;
  const prefix = query['instanceIdPrefix'] ?? '';
  return store
    .statement(
      `SELECT * FROM instance WHERE id > ? AND substr(id, 1, length(?)) = ? AND createdAt BETWEEN ? AND ?
       AND (? = '[]' OR status IN (SELECT value FROM json_each(?))) ORDER BY id LIMIT ?`,
    )
    .all(after, prefix, prefix, from, to, JSON.stringify(words), JSON.stringify(words), limit)
    .map(instanceOf);
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function timeOf(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
