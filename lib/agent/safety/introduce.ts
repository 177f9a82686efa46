import type { Log } from '../../base/log.ts';
import { randomHex, type Random } from '../../base/random.ts';
import type { Backend, Settings } from '../backend.ts';
import { Halted, stateRestored } from './halt.ts';
import type { Online } from '../online.ts';
import type { State } from '../state/state.ts';

interface Introducing {
  readonly online: Online;
  readonly log: Log;
  readonly random: Random;
  readonly accepted: () => boolean;
}

/**
 * The first words with the backend: the settings, and whose turn it is to speak for this endpoint. Rejects with `clone`
 * when another holder does. A new incarnation is asked for under a name that is on disk already: so the answer may get
 * lost, or the process end before it has it, and the same is answered again. Rejects with `Halted` where the state was
 * restored from a backup, until a person has `accepted` that.
 */
export async function introduce(
  state: State,
  backend: Backend,
  { online, log, random, accepted }: Introducing,
): Promise<Settings> {
  const settings = await online.call('settings', () => backend.settings());
  for (;;) {
    const { holder, incarnation, nextN } = state.meta.values;
    const answer = await online.call('incarnation', () => backend.incarnation(holder, incarnation));
    if (answer.n < nextN) {
      if (incarnation === 0) await state.commit(() => state.meta.set({ incarnation: answer.incarnation }));
      return settings;
    }
    if (!accepted()) throw new Halted(stateRestored);
    // The committer has seen numbers that this state never gave: it was restored from a backup. Under a new incarnation
    // no number is used twice; what the outbox had is planned again from what the log says by now.
    await state.commit(() => {
      state.outbox.clear();
      state.meta.set({ holder: randomHex(random, 16), incarnation: 0, nextN: 1, whole: false, unproven: true });
    });
    log.warn('state_restored', { incarnation: answer.incarnation });
  }
}
