import type { Log } from '../base/log.ts';
import type { Backend, Settings } from './backend.ts';
import type { Online } from './online.ts';
import type { State } from './state/state.ts';

/**
 * The first words with the backend: the settings, and whose turn it is to speak for this endpoint. Rejects with `clone`
 * when another holder does.
 */
export async function introduce(state: State, backend: Backend, online: Online, log: Log): Promise<Settings> {
  const settings = await online.call('settings', () => backend.settings());
  const { holder, incarnation, nextN } = state.meta.values;
  const answer = await online.call('incarnation', () => backend.incarnation(holder, incarnation));
  if (incarnation === 0) await state.commit(() => state.meta.set({ incarnation: answer.incarnation }));
  else if (answer.n >= nextN) {
    // The committer has seen numbers that this state never gave: it was restored from a backup. Under a new incarnation
    // no number is used twice; what the outbox had is planned again from what the log says by now.
    const fresh = await online.call('incarnation', () => backend.incarnation(holder, 0));
    await state.commit(() => {
      state.outbox.clear();
      state.meta.set({ incarnation: fresh.incarnation, nextN: 1, whole: false });
    });
    log.warn('state_restored', { incarnation: fresh.incarnation });
  }
  return settings;
}
