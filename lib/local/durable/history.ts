// The events of an execution, as the extension keeps them and the library reads them: the numbers, names and the order of
// the keys are those of its JSON. EventType: 0 ExecutionStarted, 1 ExecutionCompleted, 3 ExecutionTerminated, 4 TaskScheduled,
// 5 TaskCompleted, 6 TaskFailed, 7 to 9 the same of a sub-orchestration, 10 TimerCreated, 11 TimerFired, 12 OrchestratorStarted,
// 13 OrchestratorCompleted, 14 EventSent, 15 EventRaised, 17 GenericEvent, 19 ExecutionSuspended, 20 ExecutionResumed.

interface Base {
  /** The task's number for what was scheduled, -1 for what came from outside. */
  readonly EventId: number;
  readonly IsPlayed: boolean;
  readonly Timestamp: string;
}

export interface InstanceRef {
  readonly InstanceId: string;
  readonly ExecutionId: string;
}

export interface ParentInstance {
  readonly Name: string;
  readonly OrchestrationInstance: InstanceRef;
  readonly TaskScheduleId: number;
  readonly Version: string | null;
}

export interface ExecutionStarted extends Base {
  readonly OrchestrationInstance: InstanceRef;
  readonly EventType: 0;
  readonly ParentInstance: ParentInstance | null;
  readonly Name: string;
  readonly Version: string | null;
  /** JSON text. */
  readonly Input: string | null;
  readonly Tags: null;
  readonly Correlation: null;
  readonly ParentTraceContext: null;
  readonly ScheduledStartTime: null;
  readonly Generation: number | null;
  readonly GenerateNewTrace: false;
}

export interface ExecutionCompleted extends Base {
  readonly EventType: 1;
  readonly OrchestrationStatus: string;
  readonly Result: string | null;
  readonly FailureDetails: FailureDetails | null;
}

export interface FailureDetails {
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly StackTrace?: string | null | undefined;
  readonly InnerFailure?: FailureDetails | null | undefined;
  readonly IsNonRetriable?: boolean | undefined;
  readonly Properties?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface Terminated extends Base {
  readonly EventType: 3;
  readonly Input: string;
}

export interface TaskScheduled extends Base {
  readonly EventType: 4;
  readonly Name: string;
  readonly Version: string;
  readonly Input: null;
  readonly ParentTraceContext: null;
  readonly Tags: null;
}

/** Of an activity (5) or a sub-orchestration (8); Result is JSON text. */
export interface TaskCompleted extends Base {
  readonly EventType: 5 | 8;
  readonly TaskScheduledId: number;
  readonly Result: string | null;
}

export interface TaskFailed extends Base {
  readonly EventType: 6 | 9;
  readonly TaskScheduledId: number;
  readonly Reason: string;
  readonly Details: string;
  readonly FailureDetails: FailureDetails | null;
}

export interface SubOrchestrationCreated extends Base {
  readonly EventType: 7;
  readonly Name: string;
  readonly Version: string | null;
  readonly InstanceId: string;
  readonly Input: null;
  readonly ClientSpanId: null;
  readonly Tags: null;
}

export interface TimerCreated extends Base {
  readonly EventType: 10;
  readonly FireAt: string;
}

export interface TimerFired extends Base {
  readonly EventType: 11;
  readonly TimerId: number;
  readonly FireAt: string;
}

export interface OrchestratorEdge extends Base {
  readonly EventType: 12 | 13;
}

export interface EventSent extends Base {
  readonly EventType: 14;
  readonly InstanceId: string;
  readonly Name: string;
  readonly Input: string;
}

export interface EventRaised extends Base {
  readonly EventType: 15;
  readonly Name: string;
  /** JSON text. */
  readonly Input: string;
  readonly ParentTraceContext: null;
}

/** What a rewind writes over the events of a failure, and where it says why. */
export interface Generic extends Base {
  readonly Data: string | null;
  readonly EventType: 17;
}

export interface SuspendedOrResumed extends Base {
  readonly EventType: 19 | 20;
  readonly Reason: string | null;
}

export type HistoryEvent =
  | ExecutionStarted
  | ExecutionCompleted
  | Terminated
  | TaskScheduled
  | TaskCompleted
  | TaskFailed
  | SubOrchestrationCreated
  | TimerCreated
  | TimerFired
  | OrchestratorEdge
  | EventSent
  | EventRaised
  | Generic
  | SuspendedOrResumed;

const outside = (at: string): Base => ({ EventId: -1, IsPlayed: false, Timestamp: at });
const scheduled = (id: number, at: string): Base => ({ EventId: id, IsPlayed: false, Timestamp: at });

export interface Start {
  readonly instance: InstanceRef;
  readonly parent?: ParentInstance | undefined;
  readonly name: string;
  readonly version: string | null;
  readonly input: string | null;
  /** 0 for what a client started; null for what an orchestration started or continued as new. */
  readonly generation: number | null;
}

export function executionStarted(start: Start, at: string): ExecutionStarted {
  return {
    OrchestrationInstance: start.instance,
    EventType: 0,
    ParentInstance: start.parent ?? null,
    Name: start.name,
    Version: start.version,
    Input: start.input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: start.generation,
    GenerateNewTrace: false,
    ...outside(at),
  };
}

export function executionCompleted(
  id: number,
  status: string,
  result: string | null,
  failure: FailureDetails | null,
  at: string,
): ExecutionCompleted {
  return {
    EventType: 1,
    OrchestrationStatus: status,
    Result: result,
    FailureDetails: failure,
    ...scheduled(id, at),
  };
}

export function terminated(reason: string, at: string): Terminated {
  return { EventType: 3, Input: reason, ...outside(at) };
}

/** The input of an activity is not in the history: the extension stores it only when told. */
export function taskScheduled(id: number, name: string, at: string): TaskScheduled {
  return {
    EventType: 4,
    Name: name,
    Version: '',
    Input: null,
    ParentTraceContext: null,
    Tags: null,
    ...scheduled(id, at),
  };
}

export function taskCompleted(type: 5 | 8, task: number, result: string | null, at: string): TaskCompleted {
  return { EventType: type, TaskScheduledId: task, Result: result, ...outside(at) };
}

export interface Failure {
  readonly reason: string;
  readonly details: string;
  readonly failure: FailureDetails | null;
}

export function taskFailed(type: 6 | 9, task: number, failure: Failure, at: string): TaskFailed {
  return {
    EventType: type,
    TaskScheduledId: task,
    Reason: failure.reason,
    Details: failure.details,
    FailureDetails: failure.failure,
    ...outside(at),
  };
}

export function subOrchestrationCreated(
  id: number,
  name: string,
  version: string | null,
  instance: string,
  at: string,
): SubOrchestrationCreated {
  return {
    EventType: 7,
    Name: name,
    Version: version,
    InstanceId: instance,
    Input: null,
    ClientSpanId: null,
    Tags: null,
    ...scheduled(id, at),
  };
}

export function timerCreated(id: number, fireAt: string, at: string): TimerCreated {
  return { EventType: 10, FireAt: fireAt, ...scheduled(id, at) };
}

/** Its time is when the timer was made, not when it fired. */
export function timerFired(timer: number, fireAt: string, madeAt: string): TimerFired {
  return { EventType: 11, TimerId: timer, FireAt: fireAt, ...outside(madeAt) };
}

export function orchestratorEdge(type: 12 | 13, at: string): OrchestratorEdge {
  return { EventType: type, ...outside(at) };
}

export function eventSent(id: number, target: string, name: string, input: string, at: string): EventSent {
  return { EventType: 14, InstanceId: target, Name: name, Input: input, ...scheduled(id, at) };
}

export function eventRaised(name: string, input: string, at: string): EventRaised {
  return { EventType: 15, Name: name, Input: input, ParentTraceContext: null, ...outside(at) };
}

export function generic(data: string | null, id: number, at: string): Generic {
  return { Data: data, EventType: 17, ...scheduled(id, at) };
}

export function suspendedOrResumed(type: 19 | 20, reason: string | null, at: string): SuspendedOrResumed {
  return { EventType: type, Reason: reason, ...outside(at) };
}
