// What a person says yes to by resuming, for each halt that is not about the root.
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Backend, Settings } from '../backend.ts';
import type { Halt } from './halt.ts';
import { isHeld } from './held.ts';
import { introduce } from './introduce.ts';
import type { Online } from '../online.ts';
import type { Outbox } from '../send/outbox.ts';
import type { State } from '../state/state.ts';

export interface ConsentOptions {
  readonly state: State;
  readonly backend: Backend;
  readonly online: Online;
  readonly log: Log;
  readonly random: Random;
  /** Once there is one. */
  readonly outbox: () => Outbox | undefined;
}

export class Consent {
  readonly #options: ConsentOptions;
  #restored = false;

  constructor(options: ConsentOptions) {
    this.#options = options;
  }

  /** See `introduce`. */
  introduce(accepted = (): boolean => this.#restored): Promise<Settings> {
    const { state, backend } = this.#options;
    return introduce(state, backend, { ...this.#options, accepted });
  }

  /**
   * What was on its way when it halted may be just what a person has put right since (the first files of a mass delete, half
   * of an emptied root): it is not said any more, and what is to be said is planned from the trees as they are then. Before
   * the halt is lifted, here or at the backend, for whatever lifts it lets the outbox go on.
   */
  async takeBack(): Promise<void> {
    const { state, outbox } = this.#options;
    await state.commit(() => (outbox() ?? state.outbox).takeBack());
  }

  /** Rejects with what is still wrong. */
  async give(halt: Halt | undefined): Promise<void> {
    const { state, backend, outbox } = this.#options;
    if (isHeld(halt)) await backend.release();
    if (halt?.code === 'state_restored') this.#restored = true;
    if (halt?.code === 'namespace_shrunk') await state.commit(() => state.meta.set({ shrunk: false }));
    if (halt?.code !== 'epoch_changed') return;
    state.now(() => {
      outbox()?.reset();
      state.forgetShare();
    });
    // Numbers begin anew, and where the old ones are still known that looks like a restored state: which is what was said yes to.
    await this.introduce(() => true);
  }
}
