// What orchestrations, clients and entities say to an entity: the JSON texts of the extension's messages.
import type { EntityRef } from './action.ts';
import type { HistoryEvent } from './history.ts';
import { type Sorter, type Stamp, label, never } from './sorter.ts';
import { utc } from './time.ts';

const types = 'Microsoft.Azure.WebJobs.Extensions.DurableTask';
const typed = (name: string): { readonly $type: string } => ({ $type: `${types}.${name}, ${types}` });

/** Who asks, so that the answer finds its execution; an entity has none, and a client is nobody. */
export interface Sender {
  readonly instance: string;
  readonly execution?: string;
}

export interface EntityRequest {
  readonly op?: string | null;
  readonly signal?: boolean;
  /** JSON text. */
  readonly input?: string;
  readonly id: string;
  readonly parent?: string;
  readonly parentExecution?: string;
  readonly lockset?: readonly EntityRef[];
  /** Of a lock request: which of the set it has come to. */
  readonly pos?: number;
  readonly Timestamp?: string;
  readonly Predecessor?: string;
}

/** `requestTime`: of what an orchestration sends, ms since 1970. */
export function requestMessage(
  request: { readonly operation: string; readonly input: unknown; readonly id: string; readonly isSignal: boolean },
  sender: Sender | undefined,
  stamp: Stamp,
  requestTime?: number,
): string {
  const { operation, input, id, isSignal } = request;
  return JSON.stringify({
    ...typed('RequestMessage'),
    op: operation,
    ...(isSignal ? { signal: true } : {}),
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
    id,
    ...(sender === undefined ? {} : { parent: sender.instance, parentExecution: sender.execution }),
    Timestamp: stamp.at,
    Predecessor: stamp.after,
    ...(requestTime === undefined ? {} : { requestTime: `${utc(requestTime).slice(0, -1)}+00:00` }),
  });
}

/** `pos`: which of the set it goes to; the first one's is not written. */
export function lockMessage(set: readonly EntityRef[], id: string, sender: Sender, stamp: Stamp, pos = 0): string {
  return JSON.stringify({
    ...typed('RequestMessage'),
    op: null,
    id,
    parent: sender.instance,
    parentExecution: sender.execution,
    Timestamp: stamp.at,
    Predecessor: stamp.after,
    lockset: set.map(({ name, key }) => ({ ...typed('EntityId'), name, key })),
    ...(pos === 0 ? {} : { pos }),
  });
}

export function releaseMessage(parent: string, id: string): string {
  return JSON.stringify({ ...typed('ReleaseMessage'), parent, id });
}

/** `result` is JSON text, or words of our own where a lock is granted. */
export function responseMessage(result: string | null, exceptionType?: string): string {
  return JSON.stringify({
    ...typed('ResponseMessage'),
    result,
    ...(exceptionType === undefined ? {} : { exceptionType }),
  });
}

/** Of who keeps no book of what it sends. */
export const unstamped: Stamp = { at: never, after: never };

/** Stamps of the messages of one turn, at the time of that turn. */
export class Stamps {
  readonly #now: string;
  sorter: Sorter;

  constructor(now: string, sorter: Sorter) {
    this.#now = now;
    this.sorter = sorter;
  }

  take(target: string): Stamp {
    const { sorter, stamp } = label(this.sorter, target, this.#now);
    this.sorter = sorter;
    return stamp;
  }
}

/** What an execution has sent so far. */
export function sentBy(history: readonly HistoryEvent[]): Sorter {
  let sorter: Sorter = {};
  for (const event of history)
    if (event.EventType === 14 && event.Name === 'op') {
      const { Timestamp } = JSON.parse(event.Input) as EntityRequest;
      if (Timestamp !== undefined) sorter = label(sorter, event.InstanceId, Timestamp).sorter;
    }
  return sorter;
}
