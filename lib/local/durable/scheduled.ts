// What a replay schedules, and how it is compared with what an earlier replay had scheduled under the same number.
import type { DurableHttpRequest, EntityRef } from './action.ts';
import type { EventSent, SubOrchestrationCreated, TaskScheduled, TimerCreated } from './history.ts';

export type Scheduled =
  | { readonly kind: 'activity'; readonly name: string; readonly input: unknown }
  | { readonly kind: 'http'; readonly request: DurableHttpRequest }
  | {
      readonly kind: 'child';
      readonly name: string;
      readonly version: string | null;
      readonly instanceId: string | undefined;
      readonly input: unknown;
    }
  | { readonly kind: 'timer'; readonly fireAt: string }
  /** An operation of an entity, answered (`call`) or not (`signal`). */
  | {
      readonly kind: 'call' | 'signal';
      readonly target: string;
      readonly operation: string;
      readonly input: unknown;
    }
  | { readonly kind: 'lock'; readonly set: readonly EntityRef[] }
  | { readonly kind: 'release'; readonly target: string; readonly lock: string };

export type ScheduledEvent = TaskScheduled | SubOrchestrationCreated | TimerCreated | EventSent;

export const httpActivity = 'BuiltIn::HttpActivity';

const actionNames: Readonly<Record<Scheduled['kind'], string>> = {
  activity: 'ScheduleTaskOrchestratorAction',
  http: 'ScheduleTaskOrchestratorAction',
  child: 'CreateSubOrchestrationAction',
  timer: 'CreateTimerOrchestratorAction',
  call: 'SendEventOrchestratorAction',
  signal: 'SendEventOrchestratorAction',
  lock: 'SendEventOrchestratorAction',
  release: 'SendEventOrchestratorAction',
};

const question = 'Was a change made to the orchestrator code after this instance had already started running?';
const found = 'Non-Deterministic workflow detected: A previous execution of this orchestration scheduled';

/** What is wrong when `event` of the history stands where this replay scheduled `now`; undefined if they are the same. */
export function mismatch(event: ScheduledEvent, now: Scheduled | undefined): string | undefined {
  if (now === undefined)
    return `${found} ${missing(event)}, but the current replay execution hasn't (yet?) scheduled this task. ${question}`;
  const was = `${found} ${described(event)}`;
  const kind = eventKinds[event.EventType];
  if (actionNames[now.kind] !== kind)
    return `${was} but the current orchestration replay instead produced a ${actionNames[now.kind]} action with this sequence number. ${question}`;
  const name = nameOf(now);
  if ((event.EventType === 4 || event.EventType === 7) && name.toLowerCase() !== event.Name.toLowerCase())
    return `${was} but the current orchestration replay instead scheduled ${event.EventType === 4 ? 'an activity' : 'a sub-orchestration'} task named '${name}' with this sequence number.  ${question}`;
  return undefined;
}

const eventKinds = {
  4: actionNames.activity,
  7: actionNames.child,
  10: actionNames.timer,
  14: actionNames.call,
} as const;

function described(event: ScheduledEvent): string {
  switch (event.EventType) {
    case 4:
      return `an activity task with sequence number ${event.EventId} named '${event.Name}',`;
    case 7:
      return `a sub-orchestration task with sequence number ${event.EventId} named '${event.Name}',`;
    case 10:
      return `a timer task with sequence number ${event.EventId}`;
    case 14:
      return `an event task with sequence number ${event.EventId} named '${event.Name}',`;
  }
}

function missing(event: ScheduledEvent): string {
  switch (event.EventType) {
    case 4:
      return `an activity task with sequence ID ${event.EventId} and name '${event.Name}' (version '${event.Version}')`;
    case 7:
      return `a sub-orchestration task with sequence ID ${event.EventId} and name '${event.Name}' (version '${event.Version ?? ''}', instance ID '${event.InstanceId}')`;
    case 10:
      return `a timer task with sequence number ${event.EventId}`;
    case 14:
      return `an event task with sequence number ${event.EventId}`;
  }
}

function nameOf(scheduled: Scheduled): string {
  if (scheduled.kind === 'http') return httpActivity;
  return 'name' in scheduled ? scheduled.name : '';
}
