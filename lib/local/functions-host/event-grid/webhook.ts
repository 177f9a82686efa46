// POST /runtime/webhooks/eventgrid?functionName=NAME&code=KEY: what Event Grid calls to reach an event grid trigger.
import type { Extension, HostContext, Invocation } from '../extension.ts';
import type { FunctionDefinition } from '../function-definition.ts';
import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../http/message.ts';
import { offsetTime } from '../dotnet-time.ts';
import { publish } from './output.ts';

export function eventGridExtension(host: HostContext): Extension {
  return {
    name: 'eventgrid',
    triggers: ['eventgridtrigger'],
    // Nothing runs between calls: the webhook below finds the function by its name.
    listen: () => ({ start: () => Promise.resolve(), stop: () => Promise.resolve() }),
    webhook: (request) => answer(request, host),
    bindings: ['eventgrid'],
    output: (binding, data) => publish(binding, data, host.settings),
  };
}

async function answer(request: HttpRequest, host: HostContext): Promise<HttpAnswer> {
  const name = request.query['functionName'] ?? '';
  const definition = host.functions().find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (definition === undefined || definition.trigger.type.toLowerCase() !== 'eventgridtrigger')
    return { status: 404, body: `cannot find function: '${name}'` };
  if (request.method === 'OPTIONS') return allowOrigin(request);
  if (request.method !== 'POST') return { status: 400 };
  switch (request.headers['aeg-event-type']) {
    case 'SubscriptionValidation':
      return validate(request.body);
    case 'Notification':
      return notify(definition, request.body, host);
    case 'Unsubscribe':
      return { status: 202 };
    case undefined:
    default:
      return { status: 400 };
  }
}

/** The handshake of CloudEvents 1.0 webhooks. */
function allowOrigin(request: HttpRequest): HttpAnswer {
  const origin = request.headers['webhook-request-origin'];
  return { status: 200, headers: origin === undefined ? {} : { 'webhook-allowed-origin': origin } };
}

function validate(body: Buffer): HttpAnswer {
  const [event] = JSON.parse(body.toString()) as [{ data?: { validationCode?: string } }];
  return {
    ...jsonAnswer(200, { validationResponse: event.data?.validationCode }),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  };
}

async function notify(definition: FunctionDefinition, body: Buffer, host: HostContext): Promise<HttpAnswer> {
  const failure = { status: 500, body: `Exception while executing function: Functions.${definition.name}` };
  let events: unknown[];
  try {
    const parsed = JSON.parse(body.toString()) as unknown;
    events = Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return failure;
  }
  const many = definition.trigger['cardinality'] === 'many';
  const reason = `EventGrid trigger fired at ${offsetTime(host.clock.now())}`;
  const invocations = many ? [manyEvents(events, reason)] : events.map((event) => oneEvent(event, reason));
  // All start together; one failure fails the POST, and Event Grid sends all of it again.
  const outcomes = await Promise.allSettled(invocations.map((invocation) => host.invoke(definition, invocation)));
  return outcomes.every(({ status }) => status === 'fulfilled') ? { status: 202 } : failure;
}

function oneEvent(event: unknown, reason: string): Invocation {
  const json = JSON.stringify(event);
  const data = (event as { data?: unknown } | null)?.data;
  return { input: { json }, metadata: data === undefined ? {} : { data: dataOf(data) }, reason };
}

function manyEvents(events: readonly unknown[], reason: string): Invocation {
  const data = events.map((event) => (event as { data?: unknown } | null)?.data ?? null);
  return { input: { json: JSON.stringify(events) }, metadata: { data: { json: JSON.stringify(data) } }, reason };
}

function dataOf(data: unknown): { string: string } | { json: string } {
  return typeof data === 'string' ? { string: data } : { json: JSON.stringify(data) };
}
