import type { EntityRequest } from './entity-message.ts';
import type { HistoryEvent } from './history.ts';

export interface HeldLock {
  readonly id: string;
  /** Ids of the entities. */
  readonly entities: readonly string[];
}

/** Locks that an execution has asked for and not given back. */
export function heldLocks(history: readonly HistoryEvent[]): HeldLock[] {
  const held = new Map<string, HeldLock>();
  for (const event of history) {
    if (event.EventType !== 14) continue;
    const { id, lockset } = JSON.parse(event.Input) as EntityRequest;
    if (event.Name === 'release') held.delete(id);
    else if (lockset !== undefined) held.set(id, { id, entities: lockset.map(entityId) });
  }
  return [...held.values()];
}

export function entityId({ name, key }: { readonly name: string; readonly key: string }): string {
  return `@${name.toLowerCase()}@${key}`;
}

/** The parts of an entity's id; undefined where the id has not its form. */
export function entityOf(id: string): { readonly name: string; readonly key: string } | undefined {
  const at = id.indexOf('@', 1);
  if (!id.startsWith('@') || at < 2) return undefined;
  return { name: id.slice(1, at), key: id.slice(at + 1) };
}
