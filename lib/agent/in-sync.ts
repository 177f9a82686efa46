// When an endpoint is in sync. The queues are asked first, because that costs nothing; but what nobody has queued would be
// missed by them, so at the end the trees themselves are compared.
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { NodeId } from '../core/node.ts';
import { pendingOf, type Parts } from './parts.ts';
import type { State } from './state/state.ts';
import { unplanned } from './plan/unplanned.ts';

export interface Asking {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Ask after a full scan. False at `deadline` (monotonic ms), or when there is something to do first, which is begun. */
export async function isInSync(
  parts: Parts,
  { state, clock, log, signal }: Asking,
  deadline: number,
): Promise<boolean> {
  if (pendingOf(parts) > 0) return false;
  const late = clock.sleep(Math.max(deadline - clock.monotonic(), 0), signal).then(() => undefined);
  const head = await Promise.race([parts.follower.toHead(), late]);
  if (head === undefined) return false;
  // What a program wrote to a file that was replaced under it comes back as a file.
  await parts.replaced.sweep();
  const suspects = state.suspects.known ?? [...(await state.unequal())];
  // What came meanwhile is among them, and may be in somebody's hands by now.
  if (pendingOf(parts) > 0) return false;
  const forgotten = unplanned(state, suspects, (id) => isTaken(parts, id) || goesAlong(state, id));
  if (forgotten.length > 0) {
    log.warn('unplanned', toldOf(state, forgotten));
    for (const id of forgotten) {
      // A file that is not settled waits for a look.
      if (state.local(id)?.settled === false) parts.scanner.look(state.pathOf(id) ?? '');
      parts.planner.touch(id);
    }
    return false;
  }
  await state.writes.durable();
  return true;
}

function isTaken({ planner, retry }: Parts, id: NodeId): boolean {
  const { troubled, waiting } = planner.turns;
  return retry.waits(id) || troubled.has(id) || waiting.has(id);
}

/** With a directory whose delete is on its way, or parked; where that is refused it is planned again (P16). */
function goesAlong(state: State, id: NodeId): boolean {
  if (state.local(id) !== undefined) return false;
  for (let at = state.synced(id)?.parent; at !== undefined; at = state.synced(at)?.parent)
    if (state.local(at) === undefined && state.isSent(at)) return true;
  return false;
}

/** For whoever looks for the reason why it does not get in sync: nothing is under way, and yet somebody waits. */
export function tellStuck(parts: Parts, { state, log }: Pick<Asking, 'state' | 'log'>): void {
  const pending = pendingOf(parts);
  const stuck = parts.stuck.nodes();
  if (pending > 0 && pending === stuck.length) log.warn('stuck', toldOf(state, stuck));
}

/** How many, and one of them to begin with. */
function toldOf(state: State, nodes: readonly NodeId[]): Readonly<Record<string, unknown>> {
  const [node = ''] = nodes;
  return { nodes: nodes.length, node, path: state.pathOf(node) ?? state.remote(node)?.name };
}
