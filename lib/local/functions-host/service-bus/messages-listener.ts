import type { Listener } from '../extension.ts';
import { close } from './patience.ts';
import type { Trigger } from './trigger.ts';

/** Messages of an entity without sessions, one invocation each, up to `maxConcurrentCalls` at a time. */
export class MessagesListener implements Listener {
  readonly #trigger: Trigger;
  readonly #running = new Set<Promise<void>>();
  #subscription: { close(): Promise<void> } | undefined;

  constructor(trigger: Trigger) {
    this.#trigger = trigger;
  }

  start(): Promise<void> {
    const { source, settings } = this.#trigger;
    const receiver = source.receiver(settings.maxAutoLockRenewalMs);
    this.#subscription = receiver.subscribe(
      {
        processMessage: (message) => {
          const processed = this.#trigger.processOne(receiver, message);
          this.#running.add(processed);
          return processed.finally(() => this.#running.delete(processed));
        },
        // The client reconnects by itself for as long as it takes.
        processError: ({ error }) => Promise.resolve(this.#trigger.report('receiving', error)),
      },
      { maxConcurrentCalls: settings.maxConcurrentCalls, autoCompleteMessages: false },
    );
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (this.#subscription !== undefined) await close(this.#subscription);
    await Promise.all(this.#running);
    await this.#trigger.source.close();
  }
}
