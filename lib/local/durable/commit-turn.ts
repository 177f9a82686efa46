import type { Fault } from '../faults.ts';
import { releaseMessage } from './entity-message.ts';
import { type HistoryEvent, type Start, eventRaised, executionStarted, timerFired } from './history.ts';
import { type Hub, shortGuid } from './hub.ts';
import { heldLocks } from './locks.ts';
import { type Instance, type Message, hasEnded } from './store.ts';
import { msOf, utc } from './time.ts';
import { type End, type Sent, type TurnResult, jsonOf, toParent } from './turn.ts';

/** Keeps a turn and sends what it sends, all in one transaction; whoever got something is told after it. */
export async function commitTurn(
  instance: Instance,
  result: TurnResult,
  taken: readonly Message[],
  later: readonly Message[],
  hub: Hub,
): Promise<void> {
  const told = await hub.store.commit(() => keep(instance, result, taken, later, hub));
  for (const seq of told.activities) hub.queued(seq);
  for (const at of told.timers) hub.due(at);
  for (const id of told.instances) hub.news(id);
}

interface Told {
  readonly activities: number[];
  readonly timers: number[];
  readonly instances: Set<string>;
}

function keep(
  before: Instance,
  result: TurnResult,
  taken: readonly Message[],
  later: readonly Message[],
  hub: Hub,
): Told {
  const { store } = hub;
  const told: Told = { activities: [], timers: [], instances: new Set() };
  const now = hub.host.clock.now();
  const { id, execution } = before;
  store.take(taken);
  store.append(id, result.events);
  for (const task of result.cancelled) store.cancelTimer(id, execution, task);
  const cancelled = new Set(result.cancelled);
  for (const sent of result.sent) if (sent.kind !== 'timer' || !cancelled.has(sent.task)) send(before, sent, hub, told);
  store.putInstance(after(before, result, now));
  if (result.end !== undefined) finish(before, result.end, later, hub, told);
  // What came while the worker was at it.
  if (store.hasNews(id)) told.instances.add(id);
  return told;
}

/** The row as it stands after the turn. */
function after(before: Instance, result: TurnResult, now: number): Instance {
  const { end } = result;
  const row = { ...before, customStatus: statusAfter(before, result), updatedAt: now };
  if (end === undefined || end.status === 'ContinuedAsNew')
    return { ...row, status: result.isSuspended ? 'Suspended' : 'Running', output: suspendedFor(result, before) };
  return { ...row, status: end.status, output: end.status === 'Failed' ? JSON.stringify(end.output) : end.output };
}

/** JSON needs no space before it: one marks the status of a former execution, seen until the new one has its own, or ends. */
const inherited = ' ';

function statusAfter({ customStatus: shown }: Instance, { customStatus: own, end }: TurnResult): string | null {
  const isLeft = own === undefined || (own === null && end === undefined && shown?.startsWith(inherited) === true);
  const status = isLeft ? shown : own;
  return status !== null && end?.status === 'ContinuedAsNew' ? `${inherited}${status.trim()}` : status;
}

/** While an instance is suspended, its output is the reason. */
function suspendedFor(result: TurnResult, before: Instance): string | null {
  if (!result.isSuspended) return null;
  const suspended = result.events.findLast(({ EventType }) => EventType === 19);
  return suspended?.EventType === 19 ? JSON.stringify(suspended.Reason) : before.output;
}

function send(from: Instance, sent: Sent, hub: Hub, told: Told): void {
  const { store } = hub;
  const now = hub.host.clock.now();
  const { id, execution, name, version } = from;
  switch (sent.kind) {
    case 'activity':
      told.activities.push(
        store.addActivity({ instance: id, execution, task: sent.task, name: sent.name, input: jsonOf(sent.input) }),
      );
      return;
    case 'timer': {
      const dueAt = msOf(sent.fireAt) + delayOf(hub.host.faults?.take(`TIMER ${name}`));
      store.addTimer(id, execution, sent.task, dueAt, timerFired(sent.task, sent.fireAt, sent.madeAt));
      told.timers.push(dueAt);
      return;
    }
    case 'child': {
      const parent = {
        Name: name,
        OrchestrationInstance: { InstanceId: id, ExecutionId: execution },
        TaskScheduleId: sent.task,
        Version: version,
      };
      const instance = { InstanceId: sent.instanceId, ExecutionId: shortGuid(hub) };
      begin(
        { instance, parent, name: sent.name, version: sent.version, input: jsonOf(sent.input), generation: null },
        hub,
      );
      told.instances.add(sent.instanceId);
      return;
    }
    case 'entity':
      // An entity has no execution: it is there once it is spoken to.
      store.send(sent.target, eventRaised(sent.name, sent.input, utc(now)));
      told.instances.add(sent.target);
  }
}

/** By which a fault has a timer fire late, or early. */
function delayOf(fault: Fault | undefined): number {
  return fault?.kind === 'delay' ? Math.round(fault.ms) : 0;
}

/** Starts it, or has it wait in the inbox for the end of the one that runs under its id. */
function begin(start: Start, hub: Hub): void {
  const now = hub.host.clock.now();
  const event = executionStarted(start, utc(now));
  const running = hub.store.instance(start.instance.InstanceId);
  if (running === undefined || hasEnded(running.status)) hub.store.begin(event, now);
  else hub.store.send(running.id, event, start.instance.ExecutionId);
}

function finish(before: Instance, end: End, later: readonly Message[], hub: Hub, told: Told): void {
  const { store } = hub;
  const now = hub.host.clock.now();
  const { id, name, version, parent } = before;
  if (end.status === 'ContinuedAsNew') {
    store.forget(id);
    const execution = shortGuid(hub);
    const instance = { InstanceId: id, ExecutionId: execution };
    const started = executionStarted({ instance, parent, name, version, input: end.input, generation: null }, utc(now));
    const row = store.instance(id) ?? before;
    store.putInstance({ ...row, execution, status: 'Running', input: end.input, createdAt: now, updatedAt: now });
    store.send(id, started, execution);
    told.instances.add(id);
    return;
  }
  if (parent !== undefined) {
    const { InstanceId, ExecutionId } = parent.OrchestrationInstance;
    const event = toParent(end, parent.TaskScheduleId, utc(now));
    // A parent may have been purged meanwhile: then there is nobody to tell.
    if (event !== undefined && store.instance(InstanceId) !== undefined) {
      store.send(InstanceId, event, ExecutionId);
      told.instances.add(InstanceId);
    }
  }
  // A rewind may go on with what failed; nothing else is waited for any more.
  if (end.status !== 'Failed') store.cancelTimers(id);
  giveBack(before, hub, told);
  if (later.length > 0) told.instances.add(id);
}

/** Locks of an orchestration that did not come to give them back itself: it was terminated, or its process ended. */
function giveBack({ id }: Instance, { store, host }: Hub, told: Told): void {
  const history = store.history(id).map((text) => JSON.parse(text) as HistoryEvent);
  for (const lock of heldLocks(history))
    for (const entity of lock.entities) {
      store.send(entity, eventRaised('release', releaseMessage(id, lock.id), utc(host.clock.now())));
      told.instances.add(entity);
    }
}
