import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';
import { hasEnded } from '../store.ts';
import { jsonBody } from './answers.ts';
import type { Api } from './api.ts';
import { instanceLinks } from './links.ts';
import { statusBody } from './status.ts';

/** POST orchestrators/{name}[/{id}] */
export async function start(name: string, id: string | undefined, request: HttpRequest, api: Api): Promise<HttpAnswer> {
  const { client, hub } = api.durable;
  const wait = waitOf(request);
  if ('answer' in wait) return wait.answer;
  const input = jsonBody(request, 'null');
  if ('answer' in input) return input.answer;
  const version = request.query['version'] ?? hub.host.hostSettings.durable.defaultVersion;
  const started = await client.start({ name, id, version, input: input.text === 'null' ? null : input.text });
  if (started.refused !== undefined)
    return jsonAnswer(409, {
      Message: `An Orchestration instance with the status ${started.refused} already exists.`,
    });
  const done = wait.ms === undefined ? undefined : await waitFor(started.id, wait.ms, wait.everyMs, api);
  return done ?? accepted(started.id, api);
}

export function accepted(id: string, api: Api): HttpAnswer {
  const body = instanceLinks(id, encodeURIComponent(id), api.links);
  const answer = jsonAnswer(202, body);
  const location = body['statusQueryGetUri'] ?? '';
  return { ...answer, headers: { ...answer.headers, location, 'retry-after': '10' } };
}

interface Wait {
  readonly ms: number | undefined;
  readonly everyMs: number;
}

/** Both must be numbers of seconds; otherwise it is an ordinary start. */
function waitOf({ query }: HttpRequest): Wait | { readonly answer: HttpAnswer } {
  const timeout = Number(query['timeout'] ?? 'none');
  const every = Number(query['pollingInterval'] ?? 'none');
  if (Number.isNaN(timeout) || Number.isNaN(every)) return { ms: undefined, everyMs: 0 };
  if (timeout < every)
    return {
      answer: jsonAnswer(400, { Message: `Total timeout ${timeout} should be bigger than retry timeout ${every}` }),
    };
  return { ms: timeout * 1000, everyMs: every * 1000 };
}

async function waitFor(id: string, ms: number, everyMs: number, api: Api): Promise<HttpAnswer | undefined> {
  const { store, host, stopping } = api.durable.hub;
  const until = host.clock.monotonic() + ms;
  for (;;) {
    const instance = store.instance(id);
    if (instance !== undefined && hasEnded(instance.status)) {
      const isDone = instance.status === 'Completed';
      return jsonAnswer(200, isDone ? JSON.parse(instance.output ?? 'null') : statusBody(instance, true));
    }
    const left = until - host.clock.monotonic();
    if (left <= 0 || stopping.aborted) return undefined;
    await host.clock.sleep(Math.min(left, everyMs), stopping).catch(() => {}); // woken by the stop, and then it is over
  }
}
