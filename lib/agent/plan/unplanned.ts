import type { NodeId } from '../../core/node.ts';
import { plan } from '../../core/plan.ts';
import type { State } from '../state/state.ts';

/** Bounds what one plan holds in memory. */
const idsAtOnce = 1000;

/**
 * What of all that the trees may disagree on still needs something, and is in nobody's hands: somebody forgot to have it
 * planned. Ask only when nothing is under way. `isTaken`: somebody reports the node when it is its turn, or shows its problem.
 */
export function unplanned(
  state: State,
  suspects: readonly NodeId[],
  isTaken: (id: NodeId) => boolean,
): readonly NodeId[] {
  const out = new Set<NodeId>();
  for (let at = 0; at < suspects.length; at += idsAtOnce) {
    const next = plan(state, suspects.slice(at, at + idsAtOnce));
    for (const { node } of [...next.proposals, ...next.actions]) out.add(node);
    for (const { id } of next.agreed) out.add(id);
    for (const { from } of next.adopted) out.add(from);
    for (const id of [...next.hash, ...next.later]) out.add(id);
    for (const { node, code } of next.problems) if (code !== 'excluded') out.add(node);
  }
  return [...out].filter((id) => !state.busy.has(id) && !isTaken(id));
}
