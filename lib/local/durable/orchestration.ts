// One turn of one orchestration, top to bottom: what is new, what the worker makes of it, what that means, one transaction.
import { messageOf } from '../../base/errors.ts';
import { FunctionError } from '../functions-host/worker-process.ts';
import { type Answer, succeeded, threw } from './answer.ts';
import { commitTurn } from './commit-turn.ts';
import {
  type ExecutionStarted,
  type FailureDetails,
  type HistoryEvent,
  executionCompleted,
  orchestratorEdge,
} from './history.ts';
import type { Hub } from './hub.ts';
import { type Instance, type Message, hasEnded } from './store.ts';
import { leftToOthers, orchestratorFailed, versionMismatch } from './texts.ts';
import { utc } from './time.ts';
import { type End, type TurnResult, takeTurn } from './turn.ts';
import { takesVersion } from './version.ts';

export async function orchestrate(id: string, hub: Hub): Promise<void> {
  const { store, host } = hub;
  const instance = store.instance(id);
  const inbox = store.inbox(id);
  const post = sort(instance, inbox);
  if (instance === undefined || hasEnded(instance.status) || post.fresh.length === 0) {
    await tidy(instance, post, hub);
    return;
  }
  const now = host.clock.now();
  const began = host.clock.monotonic();
  const history = store.history(id);
  // The first turn of a continuation has its own start alone: what came meanwhile is for the turn after it.
  const isContinued = history.length === 0 && instance.status === 'Running';
  const taken = isContinued ? post.fresh.slice(0, 1) : post.fresh;
  const edge = (type: 12 | 13): HistoryEvent => orchestratorEdge(type, utc(now));
  const fresh = [edge(12), ...taken.map(({ event }) => event), ...(isContinued ? [edge(13)] : [])];
  const past = history.map((text) => JSON.parse(text) as HistoryEvent);
  const result = await decide(instance, past, history, fresh, hub, now);
  if (result === undefined) return;
  await commitTurn(instance, result, [...taken, ...post.stale], post.later, hub);
  await gather(history.length, began, hub);
}

/** Events, from which on a history is long, and the longest wait in ms. */
const [long, longest] = [200, 200];

/**
 * A turn costs as much as its whole history is long. After one over a long history, what comes meanwhile is let gather for
 * as long as it took, into one turn instead of many.
 */
async function gather(events: number, began: number, { host, stopping }: Hub): Promise<void> {
  if (events < long) return;
  const took = host.clock.monotonic() - began;
  await host.clock.sleep(Math.min(took, longest), stopping).catch(() => {}); // woken by the stop
}

interface Post {
  readonly fresh: readonly Message[];
  /** For an execution that is no more. */
  readonly stale: readonly Message[];
  /** Starts under an id that is still running: a sub-orchestration's id may be used by several. */
  readonly later: readonly Message[];
}

function sort(instance: Instance | undefined, inbox: readonly Message[]): Post {
  const isMine = ({ execution }: Message): boolean => execution === null || execution === instance?.execution;
  const isLater = (message: Message): boolean => message.event.EventType === 0 && !isMine(message);
  return {
    fresh: inbox.filter(isMine),
    stale: inbox.filter((message) => !isMine(message) && !isLater(message)),
    later: inbox.filter(isLater),
  };
}

/**
 * Nobody reads what is left of an instance that has ended, unless it failed: a rewind goes on with it. A start that waited for
 * the end has its turn.
 */
async function tidy(instance: Instance | undefined, post: Post, hub: Hub): Promise<void> {
  const isOver = instance === undefined || hasEnded(instance.status);
  const next = isOver ? post.later[0] : undefined;
  const done = isOver && instance?.status !== 'Failed' ? [...post.fresh, ...post.stale] : post.stale;
  if (next === undefined && done.length === 0) return;
  await hub.store.commit(() => {
    hub.store.take(next === undefined ? done : [...done, next]);
    if (next !== undefined) hub.store.begin(next.event as ExecutionStarted, hub.host.clock.now());
  });
  if (next !== undefined) hub.news((next.event as ExecutionStarted).OrchestrationInstance.InstanceId);
}

/** Undefined: nothing is decided, and the same turn comes again with the next news or the next start. */
async function decide(
  instance: Instance,
  past: readonly HistoryEvent[],
  texts: readonly string[],
  fresh: readonly HistoryEvent[],
  hub: Hub,
  now: number,
): Promise<TurnResult | undefined> {
  const settings = hub.host.hostSettings.durable;
  const stop = fresh.find(({ EventType }) => EventType === 3);
  if (stop?.EventType === 3) return over({ status: 'Terminated', output: JSON.stringify(stop.Input) }, fresh, now);
  const { id, execution, name, version } = instance;
  if (!takesVersion(version, settings)) {
    // It waits for a host that takes it, which may be no mistake: of two versions of an app at once, one leaves it to the other.
    if (!settings.failsOnVersion) {
      hub.host.log.write('Host.Triggers.DurableTask', 'warning', leftToOthers(id, version, settings.defaultVersion));
      return undefined;
    }
    const { ErrorType, ErrorMessage } = versionMismatch;
    return over(failure(`${ErrorType}: ${ErrorMessage}`, versionMismatch), fresh, now);
  }
  if (hub.functions.find('orchestrator', name) === undefined)
    return over(failure(orchestratorFailed(name, hub.functions.unknown('orchestrator', name))), fresh, now);
  const answer = await ask(instance, texts, fresh, hub);
  if (answer === undefined) return undefined;
  return takeTurn({
    name,
    instance: { InstanceId: id, ExecutionId: execution },
    history: past,
    fresh,
    answer,
    now,
    maxActions: settings.maxActions,
    replay: {
      defaultVersion: settings.defaultVersion,
      httpPollMs: settings.httpPollMs,
      check: hub.functions.check(name),
    },
    guid: hub.guid,
  });
}

/** The worker replays the orchestrator; undefined where the host's own end cut it off. */
async function ask(
  instance: Instance,
  texts: readonly string[],
  fresh: readonly HistoryEvent[],
  hub: Hub,
): Promise<Answer | undefined> {
  const definition = hub.functions.find('orchestrator', instance.name);
  if (definition === undefined) throw new Error(`broken invariant: ${instance.name} is unknown`);
  const { httpPollMs } = hub.host.hostSettings.durable;
  // The history goes over as it is stored: an instance that fans out to thousands sends it again with every turn.
  const history = [...texts, ...fresh.map((event) => JSON.stringify(event))].join(',');
  const string =
    `{"history":[${history}],"input":${instance.input ?? 'null'},"instanceId":${JSON.stringify(instance.id)},` +
    `"isReplaying":${texts.length > 0},"parentInstanceId":${JSON.stringify(parentOf(instance))},` +
    `"longRunningTimerIntervalDuration":"3.00:00:00","maximumShortTimerDuration":"6.00:00:00",` +
    `"defaultHttpAsyncRequestSleepTimeMillseconds":${httpPollMs},"upperSchemaVersion":1,"upperSchemaVersionNew":3}`;
  try {
    const metadata = { instanceId: { string: instance.id } };
    return succeeded(await hub.host.invoke(definition, { input: { string }, metadata, reason: '(null)' }));
  } catch (error) {
    if (hub.stopping.aborted) return undefined;
    if (error instanceof FunctionError) return threw(error.exception);
    return threw({ message: messageOf(error), stackTrace: '', source: 'host' });
  }
}

function parentOf({ parent }: Instance): string | null {
  return parent?.OrchestrationInstance.InstanceId ?? null;
}

function failure(output: string, details: FailureDetails | null = null): End & { readonly status: 'Failed' } {
  return { status: 'Failed', output, details: '', failure: details };
}

/** An end that the orchestrator has no part in. */
function over(end: End & { readonly output: string | null }, fresh: readonly HistoryEvent[], now: number): TurnResult {
  const at = utc(now);
  const details = end.status === 'Failed' ? end.failure : null;
  const completed = executionCompleted(-1, end.status, details === null ? end.output : null, details, at);
  return {
    events: [...fresh, completed, orchestratorEdge(13, at)],
    sent: [],
    cancelled: [],
    isSuspended: false,
    customStatus: undefined,
    end,
  };
}
