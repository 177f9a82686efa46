import type { HostContext, Invocation, Listener } from '../extension.ts';
import type { FunctionDefinition } from '../function-definition.ts';
import { invariantTime, offsetTime } from '../dotnet-time.ts';
import { Lease } from './lease.ts';
import { type Schedule, isMonitored } from './schedule.ts';
import type { ScheduleStatus, TimerStatusStore } from './status.ts';

export interface TimerListenerOptions {
  readonly definition: FunctionDefinition;
  readonly schedule: Schedule;
  readonly host: Pick<HostContext, 'clock' | 'invoke' | 'waits'>;
  readonly store: TimerStatusStore;
}

/** setTimeout cannot wait longer than 2^31 ms; a day at a time also follows a clock that was set. */
const longestSleep = 86_400_000;

/**
 * Fires one timer function. It never overlaps itself: an overrun is followed by one immediate call, and the ticks missed
 * meanwhile are dropped. A tick missed while the host was down is caught up by one call that says it is past due.
 */
export class TimerListener implements Listener {
  readonly #options: TimerListenerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: TimerListenerOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#running = this.#leased();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #leased(): Promise<void> {
    const { definition, store, host } = this.#options;
    const { signal } = this.#stopping;
    const lease = new Lease(store, definition.name, host.waits.leaseMs, host.clock);
    try {
      await lease.acquire(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const released = new AbortController();
    const held = lease.hold(released.signal);
    // Not before the last call has ended: another host would fire beside it.
    await this.#run().finally(() => released.abort());
    await held;
  }

  async #run(): Promise<void> {
    const { definition, schedule, host, store } = this.#options;
    const { clock } = host;
    const started = clock.now();
    const monitored = definition.trigger['useMonitor'] !== false && isMonitored(schedule, started);
    let status = monitored ? this.#resume(store.get(definition.name), started) : undefined;
    let next = status?.next ?? schedule.next(started);
    let pastDue = status !== undefined && status.next <= started;
    let now = pastDue || definition.trigger['runOnStartup'] === true;
    while (now || (await this.#sleepUntil(next))) {
      if (this.#stopping.signal.aborted) return;
      await this.#fire(status, pastDue);
      // A failed call moves the schedule on like any other: the next tick is its retry.
      const due = now ? clock.now() : next;
      next = schedule.next(due);
      now = next <= clock.now();
      pastDue = false;
      if (now) next = clock.now();
      if (monitored) {
        status = { last: due, next, lastUpdated: clock.now() };
        store.set(definition.name, status);
      }
    }
  }

  /** What the store knows, if it still belongs to this schedule; a changed schedule is not past due. */
  #resume(stored: ScheduleStatus | undefined, now: number): ScheduleStatus {
    const { definition, schedule, store } = this.#options;
    if (stored !== undefined && stored.next === schedule.next(stored.last ?? stored.lastUpdated)) return stored;
    const fresh = { last: undefined, next: schedule.next(now), lastUpdated: now };
    store.set(definition.name, fresh);
    return fresh;
  }

  async #fire(status: ScheduleStatus | undefined, pastDue: boolean): Promise<void> {
    const { definition, schedule, host } = this.#options;
    const invocation = timerInvocation(schedule, status, pastDue, host.clock.now());
    await host.invoke(definition, invocation).catch(() => {
      // Logged by the invoker; a timer has nobody else to tell.
    });
  }

  /** False when the listener is stopped first. */
  async #sleepUntil(time: number): Promise<boolean> {
    const { clock } = this.#options.host;
    const { signal } = this.#stopping;
    try {
      for (let left = time - clock.now(); left > 0; left = time - clock.now())
        await clock.sleep(Math.min(left, longestSleep), signal);
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}

/** The shapes that Microsoft's timer extension sends. */
function timerInvocation(
  schedule: Schedule,
  status: ScheduleStatus | undefined,
  pastDue: boolean,
  now: number,
): Invocation {
  const timer = {
    Schedule: { AdjustForDST: schedule.adjustForDst },
    ScheduleStatus:
      status === undefined
        ? null
        : {
            Last: status.last === undefined ? '0001-01-01T00:00:00' : offsetTime(status.last),
            Next: offsetTime(status.next),
            LastUpdated: offsetTime(status.lastUpdated),
          },
    IsPastDue: pastDue,
  };
  return {
    input: { json: JSON.stringify(timer) },
    metadata: { TimerTrigger: { string: invariantTime(now) } },
    reason: `Timer fired at ${offsetTime(now)}`,
  };
}
