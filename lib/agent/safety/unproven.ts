import type { Log } from '../../base/log.ts';
import type { State } from '../state/state.ts';

/**
 * After the first scan, before the first plan. What is missing on the site was deleted there if this state saw it there; one
 * that is older than the log, or was restored from a backup together with the folder perhaps, cannot say so: it is as if the
 * site had never had it, and what the others have comes back (fault 25, I6).
 */
export function forgetUnproven(state: State, log: Log): void {
  if (!state.meta.values.unproven) return;
  const absent = state.lost.here();
  state.now(() => {
    for (const id of absent) state.setSynced(id, null);
    state.meta.set({ unproven: false });
  });
  if (absent.length > 0) log.warn('deletes_unproven', { count: absent.length });
}
