import { Admission } from '../admission.ts';
import type { Listener } from '../extension.ts';
import { close } from './patience.ts';
import type { Trigger } from './trigger.ts';

/**
 * Messages of an entity without sessions, one invocation each, up to `maxConcurrentCalls` at a time. Those fetched ahead
 * wait here, already locked.
 */
export class MessagesListener implements Listener {
  readonly #trigger: Trigger;
  readonly #running = new Set<Promise<void>>();
  #stopping = false;
  #subscription: { close(): Promise<void> } | undefined;

  constructor(trigger: Trigger) {
    this.#trigger = trigger;
  }

  start(): Promise<void> {
    const { source, settings } = this.#trigger;
    const receiver = source.receiver(settings.maxAutoLockRenewalMs);
    const { maxConcurrentCalls, prefetchCount } = settings;
    const admission = new Admission({ concurrent: maxConcurrentCalls, outstanding: Infinity });
    this.#subscription = receiver.subscribe(
      {
        processMessage: async (message) => {
          const leave = admission.tryEnter() ?? (await admission.enter());
          // Left unsettled, it goes back with the link.
          if (this.#stopping) return leave?.();
          const processed = this.#trigger.processOne(receiver, message);
          this.#running.add(processed);
          await processed;
          this.#running.delete(processed);
          leave?.();
        },
        // The client reconnects by itself for as long as it takes.
        processError: ({ error }) => Promise.resolve(this.#trigger.report('receiving', error)),
      },
      { maxConcurrentCalls: maxConcurrentCalls + prefetchCount, autoCompleteMessages: false },
    );
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#subscription !== undefined) await close(this.#subscription);
    await Promise.all(this.#running);
    await this.#trigger.source.close();
  }
}
