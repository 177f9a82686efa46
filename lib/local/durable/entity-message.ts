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

export function lockMessage(set: readonly EntityRef[], id: string, sender: Sender, stamp: Stamp): string {
  return JSON.stringify({
    ...typed('RequestMessage'),
    op: null,
    id,
    parent: sender.instance,
    parentExecution: sender.execution,
    Timestamp: stamp.at,
    Predecessor: stamp.after,
    lockset: set.map(({ name, key }) => ({ ...typed('EntityId'), name, key })),
  });
}

export function releaseMessage(parent: string, id: string): string {
  return JSON.stringify({ ...typed('ReleaseMessage'), parent, id });
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
