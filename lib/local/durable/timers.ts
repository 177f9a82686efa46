import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Due } from '../alarm.ts';
import type { HostLog } from '../functions-host/host-log.ts';
import type { Store } from './store.ts';

/** In one transaction. */
const most = 1_000;

export interface TimersOptions {
  readonly clock: Clock;
  readonly log: HostLog;
  readonly store: Store;
  readonly fired: (instance: string) => void;
  /** Before those that could not be told of are tried again. */
  readonly retryMs: number;
}

/** Tells instances whose timers are due. They are read from the store when their time comes: thousands cost no memory. */
export function timers({ clock, log, store, fired, retryMs }: TimersOptions): Due {
  return async (now) => {
    if (store.nextTimer() > now) return store.nextTimer();
    try {
      for (const instance of await store.commit(() => store.fire(now, most))) fired(instance);
      return store.nextTimer();
    } catch (error) {
      // They are due still.
      log.write('Host.Triggers.DurableTask', 'error', `Timers: ${messageOf(error)}`);
      return clock.now() + retryMs;
    }
  };
}
