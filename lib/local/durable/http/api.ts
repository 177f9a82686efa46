// The HTTP API of the extension, the same under the webhook (with a key) and at the address of the library's client:
//   POST orchestrators/{name}[/{id}]            start, and wait where `timeout` and `pollingInterval` say so
//   GET, DELETE instances                       list, purge by filter
//   GET, DELETE instances/{id}                  status, purge
//   POST instances/{id}/raiseEvent/{event}
//   POST instances/{id}/{terminate, suspend, resume, rewind, restart}
//   GET entities[/{name}], GET and POST entities/{name}/{key}
import type { HttpAnswer, HttpRequest } from '../../functions-host/http/message.ts';
import type { Durable } from '../durable.ts';
import { listEntities, readEntity, signalEntity } from './entities.ts';
import type { Links } from './links.ts';
import { list, purgeBy } from './list.ts';
import { operations, purge, raise } from './manage.ts';
import { start } from './start.ts';
import { status } from './status.ts';

export interface Api {
  readonly durable: Durable;
  readonly links: Links;
}

const nothing: HttpAnswer = { status: 404 };

export async function answer(request: HttpRequest, api: Api): Promise<HttpAnswer> {
  const parts = partsOf(request.path);
  if (parts === undefined) return nothing;
  const [first, second, third, fourth, ...rest] = parts;
  if (rest.length > 0) return nothing;
  const { method } = request;
  switch (first?.toLowerCase()) {
    case 'orchestrators':
      if (method !== 'POST' || second === undefined || third === '' || fourth !== undefined) return nothing;
      return start(second, third, request, api);
    case 'instances':
      if (second === undefined || second === '') return collection(request, api);
      if (third === undefined) return one(second, request, api);
      if (method !== 'POST') return nothing;
      if (third.toLowerCase() === 'raiseevent') return fourth ? raise(second, fourth, request, api) : nothing;
      if (fourth !== undefined) return nothing;
      return (await operations[third.toLowerCase()]?.(second, request, api)) ?? nothing;
    case 'entities':
      return fourth === undefined ? entities(second, third, request, api) : nothing;
    case undefined:
    default:
      return nothing;
  }
}

function collection(request: HttpRequest, api: Api): Promise<HttpAnswer> | HttpAnswer {
  const { store } = api.durable.hub;
  if (request.method === 'GET') return list(request, store);
  return request.method === 'DELETE' ? purgeBy(request, store) : nothing;
}

function one(id: string, request: HttpRequest, api: Api): Promise<HttpAnswer> | HttpAnswer {
  if (request.method === 'GET') return status(id, request, api.durable.hub.store);
  return request.method === 'DELETE' ? purge(id, api) : nothing;
}

function entities(
  name: string | undefined,
  key: string | undefined,
  request: HttpRequest,
  api: Api,
): Promise<HttpAnswer> | HttpAnswer {
  const { store } = api.durable.hub;
  if (name === undefined || key === undefined)
    return request.method === 'GET' ? listEntities(name, request, store) : nothing;
  if (request.method === 'GET') return readEntity(name, key, store);
  return request.method === 'POST' ? signalEntity(name, key, request, api) : nothing;
}

/** What follows `durabletask/`, decoded; undefined where it cannot be, or where a part holds a slash. */
function partsOf(path: string): string[] | undefined {
  const [, rest = ''] = /durabletask\/(.*)$/i.exec(path) ?? [];
  try {
    const parts = rest.split('/').map(decodeURIComponent);
    return parts.some((part) => part.includes('/')) ? undefined : parts;
  } catch {
    // A lone percent sign: no name of ours is written so.
    return undefined;
  }
}
