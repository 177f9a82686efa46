import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';
import { requestMessage, unstamped } from '../entity-message.ts';
import type { EntityState } from '../entity-state.ts';
import { eventRaised } from '../history.ts';
import { entityId, entityOf } from '../locks.ts';
import { type Store, instanceOf } from '../store.ts';
import { utc } from '../time.ts';
import { isJson, jsonBody } from './answers.ts';
import type { Api } from './api.ts';
import { continuation, limitOf, page } from './pages.ts';
import { isOn } from './status.ts';

/** GET entities/{name}/{key}: the bare state. */
export function readEntity(name: string, key: string, store: Store): HttpAnswer {
  const row = store.instance(entityId({ name, key }));
  const state = row === undefined ? undefined : stateOf(row.input);
  if (state?.exists !== true || state.state === undefined || state.state === 'null') return { status: 404 };
  return jsonAnswer(200, JSON.parse(state.state));
}

/** POST entities/{name}/{key}?op=: a signal, whose input is the body: JSON, or a text. */
export async function signalEntity(name: string, key: string, request: HttpRequest, api: Api): Promise<HttpAnswer> {
  const { functions, store, host, guid, news } = api.durable.hub;
  if (functions.find('entity', name) === undefined)
    return jsonAnswer(400, { Message: functions.unknown('entity', name) });
  const json = isJson(request) ? jsonBody(request, '') : { text: textBody(request) };
  if ('answer' in json) return json.answer;
  const id = entityId({ name, key });
  const input = json.text === '' ? undefined : (JSON.parse(json.text) as unknown);
  const signal = { operation: request.query['op'] ?? '', input, id: guid(), isSignal: true };
  const message = requestMessage(signal, undefined, unstamped);
  await store.commit(() => store.send(id, eventRaised('op', message, utc(host.clock.now()))));
  news(id);
  return { status: 202 };
}

function textBody({ body }: HttpRequest): string {
  return body.length === 0 ? '' : JSON.stringify(body.toString());
}

/** GET entities[/{name}], by key, in pages where `top` says so. */
export function listEntities(name: string | undefined, request: HttpRequest, store: Store): HttpAnswer {
  const { query } = request;
  const after = continuation(request);
  if (after === undefined) return jsonAnswer(200, []);
  const prefix = name === undefined || name === '' ? '@' : `@${name.toLowerCase()}@`;
  const found = store
    .statement(
      `SELECT * FROM instance WHERE id > ? AND substr(id, 1, length(?)) = ? AND name = id
       AND json_extract(customStatus, '$.entityExists') = 1 ORDER BY id LIMIT ?`,
    )
    .all(after, prefix, prefix, limitOf(query['top']))
    .map(instanceOf);
  return page(found, query['top'], after, ({ id, input, updatedAt }) => ({
    entityId: entityOf(id),
    lastOperationTime: utc(updatedAt),
    state: isOn(query['fetchState'], false) ? JSON.parse(stateOf(input).state ?? 'null') : null,
  }));
}

function stateOf(input: string | null): EntityState {
  return JSON.parse(input ?? '{}') as EntityState;
}
