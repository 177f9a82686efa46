// What an entity does with what it is told, decided: which operations run now, who waits, who gets the lock.
import { type EntityRequest, responseMessage } from './entity-message.ts';
import { type Sorter, received } from './sorter.ts';

/** As the extension keeps it, names and their order, readable as the `input` of the entity's instance. */
export interface EntityState {
  readonly exists?: true | undefined;
  /** JSON text. */
  readonly state?: string | undefined;
  /** Operations and lock requests that wait for the end of a lock, in order of arrival. */
  readonly queue?: readonly EntityRequest[] | undefined;
  readonly lockedBy?: string | undefined;
  /** Of our own, and not shown: which execution holds it, and by which request. */
  readonly lock?: { readonly id: string; readonly execution: string } | undefined;
  readonly sorter: Sorter;
}

export const unborn: EntityState = { sorter: {} };

/** What those who look see of it. */
export function shownState(state: EntityState): object {
  return { ...state, lock: undefined };
}

/** And of who asks for its status alone. */
export function shownStatus({ exists, queue, lockedBy }: EntityState): object {
  return {
    ...(exists === true ? { entityExists: true } : {}),
    ...(queue === undefined ? {} : { queueSize: queue.length }),
    ...(lockedBy === undefined ? {} : { lockedBy }),
  };
}

export type EntityNews =
  | { readonly kind: 'request'; readonly request: EntityRequest }
  | { readonly kind: 'release'; readonly id: string };

export interface Plan {
  readonly state: EntityState;
  /** To run now, in order. */
  readonly batch: readonly EntityRequest[];
  /** Locks that are granted here: to be passed on to the next of their set, or told to who asked. */
  readonly granted: readonly EntityRequest[];
}

/**
 * Operations run in order of arrival. While the entity is locked only those of the holder do; the rest waits. `isAlive` says
 * whether an execution may still release a lock: one that has ended holds none, which Microsoft's extension does not see.
 */
export function plan(
  before: EntityState,
  news: readonly EntityNews[],
  isAlive: (instance: string, execution: string) => boolean,
): Plan {
  const batch: EntityRequest[] = [];
  const granted: EntityRequest[] = [];
  let { lockedBy, lock, sorter } = before;
  let queue: EntityRequest[] = [...(before.queue ?? [])];
  const settle = (): void => {
    if (lock !== undefined && !isAlive(lockedBy ?? '', lock.execution)) [lockedBy, lock] = [undefined, undefined];
    for (let at = 0; at < queue.length;) {
      const request = queue[at];
      if (request === undefined || (lock !== undefined && !isOf(request, lockedBy, lock))) {
        at++;
        continue;
      }
      queue.splice(at, 1);
      if (request.lockset === undefined) batch.push(request);
      else if (isAlive(request.parent ?? '', request.parentExecution ?? '')) {
        [lockedBy, lock] = [request.parent, { id: request.id, execution: request.parentExecution ?? '' }];
        granted.push(request);
        at = 0;
      }
    }
  };
  settle();
  for (const one of news) {
    if (one.kind === 'request') {
      queue.push(one.request);
      sorter = received(sorter, one.request);
    } else if (lock?.id === one.id) [lockedBy, lock] = [undefined, undefined];
    // Whoever gives up before its turn asks for nothing any more.
    else queue = queue.filter(({ id }) => id !== one.id);
    settle();
  }
  return { state: stateOf({ ...before, queue, lockedBy, lock, sorter }), batch, granted };
}

/** While locked: the operations of the holder. Its lock request is another one's turn, and never nested. */
function isOf(request: EntityRequest, holder: string | undefined, lock: EntityState['lock']): boolean {
  return request.lockset === undefined && request.parent === holder && request.parentExecution === lock?.execution;
}

/** In the extension's order, and without what is nothing. */
function stateOf({ exists, state, queue = [], lockedBy, lock, sorter }: EntityState): EntityState {
  return {
    ...(exists === true ? { exists } : {}),
    ...(state === undefined ? {} : { state }),
    ...(queue.length === 0 ? {} : { queue }),
    ...(lock === undefined ? {} : { lockedBy, lock }),
    sorter,
  };
}

export interface OperationResult {
  readonly isError: boolean;
  /** JSON text. */
  readonly result?: string | undefined;
}

/** What the worker answered for a batch. */
export interface BatchAnswer {
  readonly entityExists: boolean;
  readonly entityState?: string | undefined;
  readonly results: readonly OperationResult[];
  readonly signals: readonly {
    readonly target: { readonly name: string; readonly key: string };
    readonly name: string;
    /** JSON text; empty for none. */
    readonly input?: string | undefined;
  }[];
}

export function afterBatch(before: EntityState, answer: BatchAnswer): EntityState {
  const state = answer.entityExists ? (answer.entityState ?? undefined) : undefined;
  return stateOf({ ...before, exists: answer.entityExists || undefined, state });
}

/** What who called is told; nothing comes back to who signalled. */
export function response(request: EntityRequest, result: OperationResult | undefined): string | undefined {
  if (request.signal === true || request.parent === undefined) return undefined;
  return responseMessage(result?.result ?? null, result?.isError === true ? 'Error' : undefined);
}
