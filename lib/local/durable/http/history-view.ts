// The history as the HTTP API shows it: names for numbers, and what was scheduled folded into what came of it.
import type { HistoryEvent } from '../history.ts';

export interface HistoryOptions {
  readonly showInput: boolean;
  /** Results too. */
  readonly showOutput: boolean;
}

type View = Readonly<Record<string, unknown>>;

export function historyView(events: readonly HistoryEvent[], options: HistoryOptions): View[] {
  const scheduled = new Map(events.filter(({ EventId }) => EventId >= 0).map((event) => [event.EventId, event]));
  return events.map((event) => view(event, scheduled, options)).filter((one) => one !== undefined);
}

function view(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, HistoryEvent>,
  { showInput, showOutput }: HistoryOptions,
): View | undefined {
  const { Timestamp } = event;
  switch (event.EventType) {
    case 0: {
      const { Input, Correlation, ParentTraceContext, ScheduledStartTime, Generation, GenerateNewTrace } = event;
      const fixed = { Correlation, ParentTraceContext, ScheduledStartTime, Generation, GenerateNewTrace };
      return {
        EventType: 'ExecutionStarted',
        ...(showInput ? { Input } : {}),
        ...fixed,
        Timestamp,
        FunctionName: event.Name,
      };
    }
    case 5:
    case 8:
      return {
        EventType: event.EventType === 5 ? 'TaskCompleted' : 'SubOrchestrationInstanceCompleted',
        ...(showOutput ? { Result: parsed(event.Result) } : {}),
        Timestamp,
        ...of(scheduled.get(event.TaskScheduledId)),
      };
    case 6:
    case 9: {
      const { Reason, Details, FailureDetails } = event;
      return {
        EventType: event.EventType === 6 ? 'TaskFailed' : 'SubOrchestrationInstanceFailed',
        Reason,
        Details,
        FailureDetails,
        Timestamp,
        ...of(scheduled.get(event.TaskScheduledId)),
      };
    }
    case 10:
      return { EventType: 'TimerCreated', FireAt: event.FireAt, Timestamp };
    case 11:
      return { EventType: 'TimerFired', FireAt: event.FireAt, Timestamp };
    case 14:
      return { EventType: 'EventSent', InstanceId: event.InstanceId, Name: event.Name, Timestamp };
    case 15:
      return { EventType: 'EventRaised', Name: event.Name, ParentTraceContext: null, Timestamp };
    case 3:
      return { EventType: 'ExecutionTerminated', Input: event.Input, Timestamp };
    case 17:
      return { Data: event.Data, EventType: 'GenericEvent', Timestamp };
    case 19:
      return { EventType: 'ExecutionSuspended', Reason: event.Reason, Timestamp };
    case 20:
      return { EventType: 'ExecutionResumed', Reason: event.Reason, Timestamp };
    case 1: {
      const { OrchestrationStatus, FailureDetails } = event;
      const result = OrchestrationStatus === 'Completed' ? parsed(event.Result) : event.Result;
      return {
        EventType: 'ExecutionCompleted',
        OrchestrationStatus,
        ...(showOutput ? { Result: result } : {}),
        FailureDetails,
        Timestamp,
      };
    }
    case 4:
    case 7:
    case 12:
    case 13:
      return undefined;
  }
}

function of(event: HistoryEvent | undefined): View {
  if (event?.EventType !== 4 && event?.EventType !== 7) return {};
  return { ScheduledTime: `${event.Timestamp.slice(0, -1)}+00:00`, FunctionName: event.Name };
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
