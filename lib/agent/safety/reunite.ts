// After a halt a person may have put back what was gone when it began. The scan had seen it gone: what stands there now would
// be new, and the old one deleted at the other sites, all of a restored directory at once.
import type { Clock } from '../../base/clock.ts';
import type { NodeId } from '../../core/node.ts';
import type { Outbox } from '../send/outbox.ts';
import type { State } from '../state/state.ts';

const lookMs = 20;

/**
 * Before the next plan: what stands at the agreed place of what is gone is that, with new content perhaps. Only what is
 * missing by now is deleted. Waits until it is known of everything that was taken back whether the others have it.
 */
export async function reunite(state: State, outbox: Outbox, clock: Clock, signal: AbortSignal): Promise<void> {
  while (takesBack(outbox) && !signal.aborted) await clock.sleep(lookMs, signal).catch(() => {}); // ends by the signal only
  if (signal.aborted) return;
  state.now(() => {
    for (const id of topDown(state, state.lost.here())) {
      const agreed = state.synced(id);
      // What the others have deleted meanwhile does not come to be theirs again.
      if (agreed === undefined || state.remote(id) === undefined || state.isSent(id)) continue;
      const here = state.localAt(agreed.parent, agreed.name);
      if (here?.kind !== agreed.kind || state.synced(here.id) !== undefined || state.isSent(here.id)) continue;
      state.rekeyLocal(here.id, id);
    }
  });
}

export function takesBack(outbox: Outbox): boolean {
  for (const { was, parked } of outbox.flights()) if (was !== undefined && parked === null) return true;
  return false;
}

/** A directory that was made anew has to be the old one before what is in it can be. */
function topDown(state: State, ids: readonly NodeId[]): readonly NodeId[] {
  const depths = new Map<NodeId, number>();
  const depthOf = (id: NodeId): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const parent = state.synced(id)?.parent;
    const depth = parent === undefined ? 0 : depthOf(parent) + 1;
    depths.set(id, depth);
    return depth;
  };
  return ids.toSorted((a, b) => depthOf(a) - depthOf(b));
}
