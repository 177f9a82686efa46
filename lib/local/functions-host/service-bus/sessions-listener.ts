import { codeOf } from '../../../base/errors.ts';
import type { Listener } from '../extension.ts';
import { Unanswered, within } from './patience.ts';
import type { SessionReceiver } from './receiver.ts';
import type { Trigger } from './trigger.ts';

/** Serves a session and gives it back. */
export type ServeSession = (receiver: SessionReceiver, trigger: Trigger, stopping: AbortSignal) => Promise<void>;

const pauseAfterError = 1_000;
/**
 * The source waits less for a session. A client that does not answer in time waits itself for links of a connection that
 * broke, and does so for every later question too.
 */
const acceptMs = 40_000;
/** For the client's word for a link that came without a session, as when the broker goes away: it comes at once. */
const pauseAfterNothing = 100;

/**
 * Up to `acceptors` sessions at a time. Each acceptor waits at the broker for the next session, so that the first message
 * of an idle one meets somebody who is already there; it serves the session until that has been idle long enough.
 */
export class SessionsListener implements Listener {
  readonly #trigger: Trigger;
  readonly #acceptors: number;
  readonly #serve: ServeSession;
  readonly #stopping = new AbortController();
  readonly #stopped: Promise<undefined>;
  #loops: Promise<void>[] = [];

  constructor(trigger: Trigger, acceptors: number, serve: ServeSession) {
    this.#trigger = trigger;
    this.#acceptors = acceptors;
    this.#serve = serve;
    this.#stopped = new Promise((resolve) =>
      this.#stopping.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
  }

  start(): Promise<void> {
    this.#loops = Array.from({ length: this.#acceptors }, () => this.#loop());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    await this.#trigger.source.close();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const receiver = await this.#accept();
      if (receiver === undefined) continue;
      await this.#serve(receiver, this.#trigger, signal).catch((error: unknown) =>
        this.#trigger.report(`session '${receiver.sessionId}'`, error),
      );
    }
  }

  /**
   * The next session, or undefined: then there was none, or an error that has been reported and slept over, or the host
   * stops. A session that comes after that is not served: it goes back.
   */
  async #accept(): Promise<SessionReceiver | undefined> {
    const { signal } = this.#stopping;
    try {
      const next = within(acceptMs, this.#trigger.source.nextSession());
      const first = await Promise.race([next, this.#stopped]);
      // Whether it closes or not, it goes back with the connection.
      if (first === undefined) next.then((late) => late.close()).catch(() => {});
      return first;
    } catch (error) {
      const code = codeOf(error);
      // No session has messages now: the next wait follows at once, so that somebody is always there.
      if (signal.aborted || code === 'ServiceTimeout') return undefined;
      const nothing = code === 'SessionCannotBeLocked';
      if (!nothing) this.#trigger.report('accepting a session', error);
      if (error instanceof Unanswered) this.#trigger.source.reconnect();
      await this.#trigger.clock.sleep(nothing ? pauseAfterNothing : pauseAfterError, signal).catch(() => {});
      return undefined;
    }
  }
}
