import { Admission } from '../admission.ts';
import { codeOf } from '../../../base/errors.ts';
import { close } from './patience.ts';
import type { Message, SessionReceiver } from './receiver.ts';
import { SessionLock } from './session-lock.ts';
import type { Trigger } from './trigger.ts';

/**
 * Serves one session message by message, in order (or up to `maxConcurrentCallsPerSession` at a time; what was fetched
 * ahead runs even after a failure of what comes before it), until none has come for `sessionIdleMs`, the lock is lost, or the host stops; then gives it back.
 */
export async function serveSession(receiver: SessionReceiver, trigger: Trigger, stopping: AbortSignal): Promise<void> {
  const { settings, clock } = trigger;
  const lock = new SessionLock(receiver, clock, settings.maxAutoLockRenewalMs);
  const running = new Set<Promise<void>>();
  const admission = new Admission({ concurrent: settings.maxConcurrentCallsPerSession, outstanding: Infinity });
  const ended = new AbortController();
  const closed = Promise.withResolvers<void>();
  let activeAt = clock.monotonic();
  const end = (): void => ended.abort();

  const process = async (message: Message): Promise<void> => {
    const leave = admission.tryEnter() ?? (await admission.enter());
    // RACE: a message that was on its way, or fetched ahead, when the session was given up. Running it would be running it
    // beside the session's next owner; left unsettled it goes back. Its handler stays open so that none follows it.
    if (ended.signal.aborted) {
      leave?.();
      return closed.promise;
    }
    const done = lock.begin();
    const processed = trigger.processOne(receiver, message).finally(() => {
      done();
      running.delete(processed);
      activeAt = clock.monotonic();
      leave?.();
    });
    running.add(processed);
    return processed;
  };

  const untilIdle = async (): Promise<void> => {
    for (;;) {
      const left = running.size > 0 ? settings.sessionIdleMs : activeAt + settings.sessionIdleMs - clock.monotonic();
      if (left <= 0) return end();
      await clock.sleep(left, ended.signal);
    }
  };

  stopping.addEventListener('abort', end, { once: true });
  const handlers = {
    processMessage: process,
    processError: ({ error }: { readonly error: Error }) => {
      trigger.report(`session '${receiver.sessionId}'`, error);
      // A lost lock is this session's own; anything else is the connection, which the client is slow to give up.
      if (codeOf(error) !== 'SessionLockLost' && !ended.signal.aborted) trigger.source.reconnect();
      end();
      return Promise.resolve();
    },
  };
  const maxConcurrentCalls = settings.maxConcurrentCallsPerSession + settings.prefetchCount;
  receiver.subscribe(handlers, { maxConcurrentCalls, autoCompleteMessages: false });
  // Both run until the session ends, and end it when they are the first to know.
  const watches = [untilIdle(), lock.hold(ended.signal)].map((watch) =>
    watch.catch((error: unknown) => {
      if (ended.signal.aborted) return;
      trigger.report(`session '${receiver.sessionId}'`, error);
      end();
    }),
  );
  if (stopping.aborted) end();
  try {
    await Promise.all(watches);
    await Promise.all(running);
  } finally {
    stopping.removeEventListener('abort', end);
    await close(receiver);
    closed.resolve();
  }
}
