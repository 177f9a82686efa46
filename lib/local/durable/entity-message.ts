// What orchestrations, clients and entities say to an entity: the JSON texts of the extension's messages.
import type { EntityRef } from './action.ts';
import type { EventSent, HistoryEvent } from './history.ts';
import { utc } from './time.ts';

const types = 'Microsoft.Azure.WebJobs.Extensions.DurableTask';
const typed = (name: string): { readonly $type: string } => ({ $type: `${types}.${name}, ${types}` });

/** Who asks, so that the answer finds its execution; absent for what a client sent. */
export interface Sender {
  readonly instance: string;
  readonly execution: string;
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
}

export interface Stamp {
  /** When it was sent, and when the sender's last one to that entity was. */
  readonly at: string;
  readonly after: string;
}

export function requestMessage(
  request: { readonly operation: string; readonly input: unknown; readonly id: string; readonly isSignal: boolean },
  sender: Sender | undefined,
  stamp: Stamp,
  now: number,
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
    requestTime: `${utc(now).slice(0, -1)}+00:00`,
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

const never = '0001-01-01T00:00:00';

/** Stamps of the messages of one turn: each is a tick after the one before, and knows its forerunner to the same entity. */
export class Stamps {
  readonly #now: number;
  readonly #last = new Map<string, string>();
  #ticks = 0;

  constructor(now: number, history: readonly HistoryEvent[]) {
    this.#now = now;
    for (const event of history)
      if (event.EventType === 14 && event.Name === 'op') this.#last.set(event.InstanceId, stampOf(event));
  }

  take(target: string): Stamp {
    const at = utc(this.#now, this.#ticks++);
    const after = this.#last.get(target) ?? never;
    this.#last.set(target, at);
    return { at, after };
  }
}

function stampOf(event: EventSent): string {
  return (JSON.parse(event.Input) as { readonly Timestamp?: string }).Timestamp ?? never;
}
