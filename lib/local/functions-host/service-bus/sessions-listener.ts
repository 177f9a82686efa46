import { codeOf } from '../../../base/errors.ts';
import type { Listener } from '../extension.ts';
import type { SessionReceiver } from './receiver.ts';
import type { Trigger } from './trigger.ts';

/** Serves a session and gives it back. */
export type ServeSession = (receiver: SessionReceiver, trigger: Trigger, stopping: AbortSignal) => Promise<void>;

/** Codes that only mean: no session has messages now. */
const nothingThere = new Set(['ServiceTimeout', 'SessionCannotBeLocked']);
const pauseAfterError = 1_000;

/**
 * Up to `acceptors` sessions at a time. Each acceptor waits at the broker for the next session, so that the first message
 * of an idle one meets somebody who is already there; it serves the session until that has been idle long enough.
 */
export class SessionsListener implements Listener {
  readonly #trigger: Trigger;
  readonly #acceptors: number;
  readonly #serve: ServeSession;
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  #loops: Promise<void>[] = [];

  constructor(trigger: Trigger, acceptors: number, serve: ServeSession) {
    this.#trigger = trigger;
    this.#acceptors = acceptors;
    this.#serve = serve;
  }

  start(): Promise<void> {
    this.#loops = Array.from({ length: this.#acceptors }, () => this.#loop());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    // Waiting acceptors end with their connection, but a session that is being served finishes its message first.
    await Promise.all(this.#serving);
    await this.#trigger.source.close();
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const receiver = await this.#accept();
      if (receiver === undefined) continue;
      // One accepted while stopping is not served: it is given back with the connection.
      if (signal.aborted) return;
      const served = this.#serve(receiver, this.#trigger, signal).catch((error: unknown) =>
        this.#trigger.report(`session '${receiver.sessionId}'`, error),
      );
      this.#serving.add(served);
      await served;
      this.#serving.delete(served);
    }
  }

  /** The next session, or undefined: then there was none, or an error that has been reported and slept over. */
  async #accept(): Promise<SessionReceiver | undefined> {
    const { signal } = this.#stopping;
    try {
      return await this.#trigger.source.nextSession();
    } catch (error) {
      if (signal.aborted || nothingThere.has(codeOf(error))) return undefined;
      this.#trigger.report('accepting a session', error);
      await this.#trigger.clock.sleep(pauseAfterError, signal).catch(() => {});
      return undefined;
    }
  }
}
