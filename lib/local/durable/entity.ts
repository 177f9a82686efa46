// One turn of one entity, top to bottom: what it was told, the operations that may run now in one call of its function, the
// answers, one transaction.
import { messageOf } from '../../base/errors.ts';
import { FunctionError } from '../functions-host/worker-process.ts';
import { type EntityRequest, Stamps, lockMessage, requestMessage, responseMessage } from './entity-message.ts';
import {
  type BatchAnswer,
  type EntityNews,
  type EntityState,
  afterBatch,
  plan,
  response,
  shownStatus,
  unborn,
} from './entity-state.ts';
import { eventRaised } from './history.ts';
import { type Hub, shortGuid } from './hub.ts';
import { entityId, entityOf } from './locks.ts';
import { never } from './sorter.ts';
import { type Instance, type Message, hasEnded } from './store.ts';
import { utc } from './time.ts';

export async function runEntity(id: string, hub: Hub): Promise<void> {
  const { store } = hub;
  const inbox = store.inbox(id);
  if (inbox.length === 0) return;
  const before = store.instance(id);
  const stored = before === undefined ? unborn : (JSON.parse(before.input ?? '') as EntityState);
  const isAlive = (instance: string, execution: string): boolean => {
    const row = store.instance(instance);
    return row !== undefined && row.execution === execution && !hasEnded(row.status);
  };
  const { state, batch, granted } = plan(stored, inbox.flatMap(newsOf), isAlive);
  const answer = batch.length === 0 ? undefined : await ask(id, state, batch, hub);
  // The host stops, or the process that ran it has ended: it is as if it had not been asked, and comes again.
  if (answer === 'again') {
    if (!hub.stopping.aborted) hub.news(id);
    return;
  }
  const stamps = new Stamps(utc(hub.host.clock.now()), state.sorter);
  const posts = [...passOn(granted), ...(answer === undefined ? [] : answers(id, batch, answer, stamps, hub))];
  const after = { ...(answer === undefined ? state : afterBatch(state, answer)), sorter: stamps.sorter };
  const told = await store.commit(() => {
    store.take(inbox);
    // Purged meanwhile: what the operations did is not brought back.
    if (before === undefined || store.instance(id) !== undefined) store.putInstance(row(id, before, after, hub));
    return posts.filter((post) => deliver(post, hub));
  });
  for (const { to } of told) hub.news(to);
  if (store.hasNews(id)) hub.news(id);
}

function newsOf({ event }: Message): EntityNews[] {
  // Whatever else is told to an entity (to end, to pause) means nothing to it.
  if (event.EventType !== 15) return [];
  const request = untyped(event.Input) as EntityRequest | null;
  if (typeof request?.id !== 'string') return [];
  if (event.Name === 'release') return [{ kind: 'release', id: request.id }];
  return event.Name === 'op' ? [{ kind: 'request', request }] : [];
}

/** A message as it is kept: without the names of its types. */
function untyped(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => (key === '$type' ? undefined : value));
}

async function ask(
  id: string,
  { exists, state }: EntityState,
  batch: readonly EntityRequest[],
  hub: Hub,
): Promise<BatchAnswer | 'again'> {
  const self = entityOf(id) ?? { name: '', key: '' };
  const definition = hub.functions.find('entity', self.name);
  const operations = batch.map((one) => ({
    name: one.op ?? '',
    input: one.input ?? null,
    isSignal: one.signal === true,
    id: one.id,
  }));
  const string = JSON.stringify(
    { self, exists: exists === true, state: state ?? null, batch: operations },
    undefined,
    2,
  );
  try {
    if (definition === undefined) throw new Error(hub.functions.unknown('entity', self.name));
    const response = await hub.host.invoke(definition, { input: { string }, metadata: {}, reason: '(null)' });
    return JSON.parse(response.returnValue?.json ?? '') as BatchAnswer;
  } catch (error) {
    if (hub.stopping.aborted) return 'again';
    if (error instanceof FunctionError && error.exception.source === 'node') return 'again';
    const results = batch.map(() => ({ isError: true, result: JSON.stringify(messageOf(error)) }));
    return { entityExists: exists === true, entityState: state, results, signals: [] };
  }
}

interface Post {
  readonly to: string;
  readonly execution: string | undefined;
  readonly name: string;
  readonly input: string;
  /** An entity comes into being by being spoken to; an orchestration that is gone hears nothing. */
  readonly isToEntity: boolean;
}

/** Locks go from one entity of their set to the next, in order and as they were sent; the last one tells who asked. */
function passOn(granted: readonly EntityRequest[]): Post[] {
  return granted.map((request): Post => {
    const { id, parent = '', parentExecution = '', lockset = [], pos = 0 } = request;
    const next = lockset[pos + 1];
    if (next === undefined)
      return {
        to: parent,
        execution: parentExecution,
        name: id,
        input: responseMessage('Lock Acquisition Completed'),
        isToEntity: false,
      };
    const stamp = { at: request.Timestamp ?? never, after: request.Predecessor ?? never };
    const message = lockMessage(lockset, id, { instance: parent, execution: parentExecution }, stamp, pos + 1);
    return { to: entityId(next), execution: undefined, name: 'op', input: message, isToEntity: true };
  });
}

function answers(id: string, batch: readonly EntityRequest[], answer: BatchAnswer, stamps: Stamps, hub: Hub): Post[] {
  const told = batch.flatMap((request, at): Post[] => {
    const input = response(request, answer.results[at]);
    if (input === undefined) return [];
    const { parent = '', parentExecution } = request;
    return [{ to: parent, execution: parentExecution, name: request.id, input, isToEntity: false }];
  });
  const signals = answer.signals.map(({ target, name, input }): Post => {
    const to = entityId(target);
    const given = input === undefined || input === '' ? undefined : (JSON.parse(input) as unknown);
    const request = { operation: name, input: given, id: hub.guid(), isSignal: true };
    const message = requestMessage(request, { instance: id }, stamps.take(to));
    return { to, execution: undefined, name: 'op', input: message, isToEntity: true };
  });
  return [...told, ...signals];
}

/** Inside a commit; false where nobody is there. */
function deliver(post: Post, { store, host }: Hub): boolean {
  if (!post.isToEntity && store.instance(post.to) === undefined) return false;
  store.send(post.to, eventRaised(post.name, post.input, utc(host.clock.now())), post.execution);
  return true;
}

function row(id: string, before: Instance | undefined, state: EntityState, hub: Hub): Instance {
  const now = hub.host.clock.now();
  return {
    id,
    execution: before?.execution ?? shortGuid(hub),
    name: id,
    version: null,
    status: 'Running',
    input: JSON.stringify(state),
    output: null,
    customStatus: JSON.stringify(shownStatus(state)),
    parent: undefined,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}
