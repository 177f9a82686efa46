// The embedded Event Grid: a custom topic. A request is authorised, parsed, stored for the subscriptions it matches, then
// answered; a deliverer a subscription takes it from there.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../base/clock.ts';
import { TidewayError } from '../../base/errors.ts';
import { type Log, silent } from '../../base/log.ts';
import type { Fault, Faults } from '../faults.ts';
import type { Account, LocalService, Secure } from '../service.ts';
import { isAuthorized } from './auth.ts';
import { entityOf } from './destination.ts';
import { type Counters, Deliverer } from './deliverer.ts';
import { Endpoint } from './endpoint.ts';
import { type EventSchema, InvalidEvent, parseEvents } from './event.ts';
import { checkSubscriptions } from './limits.ts';
import type { Messages } from './messages.ts';
import { Morgue } from './morgue.ts';
import { Poster } from './poster.ts';
import { type DeadLetter, EventStore } from './store.ts';
import { type Subscription, matches } from './subscription.ts';

export interface EventGridOptions {
  /** SQLite file of undelivered events. */
  readonly file: string;
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string | undefined;
  /** A free one is taken unless told. */
  readonly port?: number | undefined;
  /** `key` is base64, as Azure's are. Events come in either schema unless `inputSchema` says which. */
  readonly topic: {
    readonly name: string;
    readonly key: string;
    readonly inputSchema?: EventSchema | undefined;
  };
  readonly subscriptions: readonly Subscription[];
  /** By https too, as publishers with an identity ask for. */
  readonly secure?: Secure | undefined;
  /** Whose bearer tokens are taken there; nobody's unless told. */
  readonly issuer?: Account | undefined;
  /** Of the Service Bus namespace that subscriptions may deliver to. */
  readonly serviceBus?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly faults?: Faults | undefined;
  readonly log?: Log | undefined;
  /** Shortens the retry schedule and the time to live alike; 1 is Azure's. */
  readonly retryScale?: number | undefined;
}

export interface EventGridService extends LocalService {
  /** Where publishers send to. */
  readonly url: string;
  /** The same by https; undefined if that was not asked for. */
  readonly secureUrl: string | undefined;
  readonly counters: Readonly<Counters>;
  /** Deliveries not yet made. */
  pending(): number;
  deadLetters(): readonly DeadLetter[];
  /** A fault switch: nothing is delivered to the subscription until it is false again. */
  pause(subscription: string, paused: boolean): void;
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
}

const path = '/api/events';
const validation = /^\/validate\?id=([-0-9a-f]+)$/;
/** Bytes of one publishing request. */
const bodyLimit = 1024 * 1024;
const stopGraceMs = 1_000;

/** Errors: `subscription_invalid`, `state_*` of the file, the system's when the port cannot be had. */
export async function startEventGrid(options: EventGridOptions): Promise<EventGridService> {
  const {
    topic,
    subscriptions,
    clock = systemClock,
    log = silent,
    faults,
    retryScale = 1,
    host = '127.0.0.1',
  } = options;
  checkSubscriptions(subscriptions, options.serviceBus !== undefined);
  const store = new EventStore(options.file);
  await store.keepOnly(subscriptions.map(({ name }) => name));
  const poster = new Poster();
  const messages = await messagesFor(options);
  const morgue = new Morgue(store, clock, log);
  const counters: Counters = { published: 0, delivered: 0, failed: 0, deadLettered: 0 };
  const topicId = `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.EventGrid/topics/${topic.name}`;
  const deliverers = new Map(
    subscriptions.map((subscription) => [
      subscription.name,
      new Deliverer({
        subscription,
        endpoint: new Endpoint({
          subscription,
          topicId,
          store,
          poster,
          messages,
          clock,
          faults,
          validationUrl: (id) => `${origin()}/validate?id=${id}`,
        }),
        store,
        clock,
        log,
        retryScale,
        counters,
        buried: () => morgue.wake(),
      }),
    ]),
  );

  const origin = (): string => `http://${host}:${portOf(server)}`;
  const answerTo = async (message: IncomingMessage): Promise<Answer> => {
    const body = await readBody(message);
    const confirmed = validation.exec(message.url ?? '')?.[1];
    if (confirmed !== undefined && ['GET', 'POST'].includes(message.method ?? ''))
      return { status: (await isConfirmed(deliverers.values(), confirmed)) ? 200 : 404 };
    if (message.method !== 'POST' || message.url?.split('?')[0] !== path) return { status: 404, code: 'NotFound' };
    if (!isAuthorized(message, topic.key, options.issuer, clock.now()))
      return { status: 401, code: 'Unauthorized', message: 'The request authorization key is not authorized.' };
    if (body === undefined)
      return { status: 413, code: 'PayloadTooLarge', message: 'The maximum size (1 MB) has been exceeded.' };
    const events = parseEvents(body, message.headers['content-type'] ?? '', topicId, topic.inputSchema);
    const addressed = events.map((event) => ({
      event,
      subscriptions: subscriptions.filter((one) => matches(one, event)).map(({ name }) => name),
    }));
    const deliveries = await store.publish(addressed, clock.now());
    counters.published += events.length;
    for (const delivery of deliveries) deliverers.get(delivery.subscription)?.offer(delivery);
    return { status: 200 };
  };

  const serve = (message: IncomingMessage, response: ServerResponse): void => {
    respond(message, response).catch((error: unknown) => {
      if (error instanceof InvalidEvent)
        return write(response, { status: 400, code: 'BadRequest', message: error.message });
      if (message.destroyed && !message.complete) return;
      log.error('event_grid_request', { error });
      write(response, { status: 500, code: 'InternalError' });
    });
  };
  const respond = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const fault = faults?.take(`${message.method} ${message.url}`);
    if (fault?.kind === 'delay') await clock.sleep(fault.ms);
    if (fault?.kind === 'drop' && fault.when === 'before') return cut(fault, message);
    if (fault?.kind === 'status' && fault.when === 'before') return write(response, fault);
    const answer = await answerTo(message);
    if (fault?.kind === 'drop') return cut(fault, message);
    write(response, fault?.kind === 'status' ? fault : answer);
  };

  const { secure } = options;
  const server = createServer(serve);
  const tls = secure === undefined ? undefined : createSecureServer({ key: secure.key, cert: secure.cert }, serve);
  const servers: Server[] = tls === undefined ? [server] : [server, tls];
  try {
    await listen(server, host, options.port);
    if (tls !== undefined) await listen(tls, host, secure?.port);
  } catch (error) {
    for (const each of servers) each.close();
    store.close();
    throw error;
  }
  for (const deliverer of deliverers.values()) deliverer.start();
  morgue.start();
  const stop = async (): Promise<void> => {
    const closed = servers.map((each) => new Promise((resolve) => each.close(resolve)));
    await Promise.all([...deliverers.values()].map((deliverer) => deliverer.stop(stopGraceMs)));
    poster.close();
    await messages?.close();
    await Promise.all([...deliverers.values()].map((deliverer) => deliverer.settled()));
    for (const each of servers) each.closeAllConnections();
    await Promise.all(closed);
    await morgue.stop();
    store.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    name: 'event-grid',
    port: portOf(server),
    url: `${origin()}${path}`,
    secureUrl: tls === undefined ? undefined : `https://${host}:${portOf(tls)}${path}`,
    counters,
    pending: () => store.pending(),
    deadLetters: () => store.deadLetters(),
    pause: (name, paused) => {
      const deliverer = deliverers.get(name);
      if (deliverer === undefined) throw new TidewayError('subscription_unknown', `there is no subscription ${name}`);
      deliverer.pause(paused);
    },
    stop: () => (stopped ??= stop()),
  };
}

function listen(server: Server, host: string, port = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The client is loaded where somebody needs it alone. */
async function messagesFor({ subscriptions, serviceBus }: EventGridOptions): Promise<Messages | undefined> {
  if (serviceBus === undefined || subscriptions.every(({ endpoint }) => entityOf(endpoint) === undefined))
    return undefined;
  const { Messages } = await import('./messages.ts');
  return new Messages(serviceBus);
}

async function isConfirmed(deliverers: Iterable<Deliverer>, id: string): Promise<boolean> {
  for (const deliverer of deliverers) if (await deliverer.confirm(id)) return true;
  return false;
}

function cut(fault: Extract<Fault, { kind: 'drop' }>, { socket }: IncomingMessage): void {
  fault.struck?.();
  socket.destroy();
}

/** The body as text, or undefined where it is over the limit. */
async function readBody(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  return size > bodyLimit ? undefined : Buffer.concat(chunks).toString();
}

function write(response: ServerResponse, { status, code, message }: Answer): void {
  const error = { code, message: message ?? code };
  const body = status === 200 ? '' : JSON.stringify({ error: { ...error, details: [error] } });
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
  });
  response.end(body);
}
