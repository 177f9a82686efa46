import type { Log } from '../../base/log.ts';
import type { Planned } from './plan.ts';

/** So often an operation may bring a committer down that does nothing else. */
export const poisonAfter = 5;

/** After that it is rejected, and what it moved aside gets its name back. */
export function poisoned(log: Log, planned: Planned): Planned {
  const { tries, steps, endpoint, n, op } = planned;
  if (tries <= poisonAfter) return planned;
  log.error('operation_poison', { endpoint, n, op });
  const rejected = { end: 'rejected', code: 'poison' } as const;
  // The way back may be what brings it down: after some more attempts even that is left to the detection on the share.
  if (tries > 2 * poisonAfter) return { ...planned, undo: { from: 0, ...rejected } };
  return { ...planned, undo: planned.undo ?? { from: steps.length, ...rejected } };
}
