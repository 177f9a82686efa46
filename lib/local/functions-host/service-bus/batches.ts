import type { Listener } from '../extension.ts';
import type { Message, Receiver, SessionReceiver } from './receiver.ts';
import { close, within } from './patience.ts';
import type { Trigger } from './trigger.ts';

/** Short, because a receive may fail to notice that its connection broke. */
const receiveWait = 10_000;
const pauseAfterError = 1_000;
/** After the first message of a batch, how long to gather those already on their way. */
const gatherMs = 5;
/** What an empty receive may take beyond its wait, to take its credit back from the broker. */
const drainMs = 3_000;

/** Cardinality many, without sessions: one invocation at a time, no lock renewal. */
export class BatchListener implements Listener {
  readonly #trigger: Trigger;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(trigger: Trigger) {
    this.#trigger = trigger;
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#trigger.source.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let receiver = this.#trigger.source.receiver(0);
    while (!signal.aborted) {
      try {
        const messages = await receiveBatch(receiver, this.#trigger, receiveWait, signal);
        if (messages.length > 0) await this.#trigger.processMany(receiver, messages);
      } catch (error) {
        this.#trigger.report('receiving a batch', error);
        await this.#trigger.clock.sleep(pauseAfterError, signal).catch(() => {});
        // A receiver that did not answer still believes that it is receiving, and would refuse to.
        await close(receiver);
        receiver = this.#trigger.source.receiver(0);
      }
    }
    await close(receiver);
  }
}

/** Cardinality many, with sessions: batches of one session until a receive comes back empty; then gives it back. */
export async function serveBatches(receiver: SessionReceiver, trigger: Trigger, stopping: AbortSignal): Promise<void> {
  try {
    while (!stopping.aborted) {
      const messages = await receiveBatch(receiver, trigger, trigger.settings.sessionIdleMs, stopping);
      if (messages.length === 0) return;
      await trigger.processMany(receiver, messages);
    }
  } finally {
    await close(receiver);
  }
}

/** Waits for messages; none when the host stops meanwhile: what comes at that moment goes back with the link. */
async function receiveBatch(
  receiver: Receiver,
  trigger: Trigger,
  waitMs: number,
  stopping: AbortSignal,
): Promise<Message[]> {
  if (stopping.aborted) return [];
  const stopped = Promise.withResolvers<Message[]>();
  const stop = (): void => stopped.resolve([]);
  stopping.addEventListener('abort', stop, { once: true });
  const { maxMessageBatchSize, minMessageBatchSize, maxBatchWaitMs } = trigger.settings;
  const options = {
    maxWaitTimeInMs: waitMs,
    maxTimeAfterFirstMessageInMs: minMessageBatchSize > 1 ? maxBatchWaitMs : gatherMs,
    abortSignal: stopping,
  };
  try {
    const bound = waitMs + options.maxTimeAfterFirstMessageInMs + drainMs;
    // Aborted by us as well: the client does not hear of it while it is still opening its link.
    return await Promise.race([within(bound, receiver.receiveMessages(maxMessageBatchSize, options)), stopped.promise]);
  } catch (error) {
    if (stopping.aborted) return [];
    throw error;
  } finally {
    stopping.removeEventListener('abort', stop);
  }
}
