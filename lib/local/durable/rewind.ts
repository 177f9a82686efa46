import { type HistoryEvent, generic } from './history.ts';
import type { Instance, Store } from './store.ts';
import { utc } from './time.ts';

/**
 * Rewinds a failed instance in the store, and what failed below it; returns who has news of it. The events of the failure
 * are written over, with their numbers kept: the replay that follows schedules the same tasks under the same numbers.
 */
export function rewound(instance: Instance, reason: string, store: Store, now: number): string[] {
  const { id, execution } = instance;
  const history = store.history(id).map((text) => JSON.parse(text) as HistoryEvent);
  // Failures that came after the instance had failed itself wait in its inbox; they are tried again too.
  const late = store.inbox(id).filter(({ event, execution: of }) => of === execution && isFailure(event));
  store.take(late);
  const failed = new Set([...history, ...late.map(({ event }) => event)].flatMap(failedTask));
  const children: string[] = [];
  history.forEach((event, index) => {
    const isOver = event.EventType === 1 || event.EventType === 6 || event.EventType === 9;
    const isTried = event.EventType === 4 && failed.has(event.EventId);
    if (isOver || isTried) store.overwrite(id, index, generic(null, event.EventId, event.Timestamp));
    if (event.EventType === 7 && failed.has(event.EventId)) children.push(event.InstanceId);
  });
  store.send(id, generic(reason, -1, utc(now)), execution);
  store.putInstance({ ...instance, status: 'Running', output: null, updatedAt: now });
  const below = children.flatMap((child) => {
    const row = store.instance(child);
    return row?.status === 'Failed' ? rewound(row, reason, store, now) : [];
  });
  return [id, ...below];
}

function failedTask(event: HistoryEvent): number[] {
  return event.EventType === 6 || event.EventType === 9 ? [event.TaskScheduledId] : [];
}

function isFailure(event: HistoryEvent): boolean {
  return event.EventType === 6 || event.EventType === 9;
}
