import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';
import { type EntityState, shownState } from '../entity-state.ts';
import type { HistoryEvent } from '../history.ts';
import { type Instance, type Store, hasEnded } from '../store.ts';
import { toSecond } from '../time.ts';
import { historyView } from './history-view.ts';

/** GET instances/{id} */
export function status(id: string, request: HttpRequest, store: Store): HttpAnswer {
  const { query } = request;
  const instance = store.instance(id);
  if (instance === undefined) return { status: 404 };
  const body = {
    ...statusBody(instance, isOn(query['showInput'], true)),
    ...(isOn(query['showHistory'], false) ? { historyEvents: history(id, query, store) } : {}),
  };
  const failsAsError = isOn(query['returnInternalServerErrorOnFailure'], false);
  if (hasEnded(instance.status)) return jsonAnswer(instance.status === 'Failed' && failsAsError ? 500 : 200, body);
  const answer = jsonAnswer(202, body);
  return { ...answer, headers: { ...answer.headers, location: request.url, 'retry-after': '5' } };
}

export function statusBody(instance: Instance, showInput: boolean): Record<string, unknown> {
  return {
    name: instance.name,
    instanceId: instance.id,
    runtimeStatus: instance.status,
    input: showInput ? inputOf(instance) : null,
    customStatus: parsed(instance.customStatus),
    output: parsed(instance.output),
    createdTime: toSecond(instance.createdAt),
    lastUpdatedTime: toSecond(instance.updatedAt),
  };
}

/** An entity's input is all that it is; it bears its id as its name. */
function inputOf({ id, name, input }: Instance): unknown {
  const value = parsed(input);
  return id === name && value !== null ? shownState(value as EntityState) : value;
}

/** Names of a query are found whatever they say but `true` and `false`. */
export function isOn(value: string | undefined, otherwise: boolean): boolean {
  const text = value?.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : otherwise;
}

function history(id: string, query: HttpRequest['query'], store: Store): unknown[] {
  const events = store.history(id).map((text) => JSON.parse(text) as HistoryEvent);
  const showInput = isOn(query['showInput'], true);
  return historyView(events, { showInput, showOutput: isOn(query['showHistoryOutput'], false) });
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
