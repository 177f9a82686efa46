// Step 5: tell that the log has grown. Nothing depends on it arriving (I14): `tick` publishes again what was not fanned out.
import type { RowCache } from '../cached-rows.ts';
import type { Cloud } from '../group.ts';
import type { Logged } from './intent.ts';

export interface Announcer {
  readonly examine: string[];
  add(logged: Logged): void;
  /** Publishes if the last event of this group is old enough. */
  tick(): Promise<void>;
  /** Publishes what is left. */
  close(): Promise<void>;
}

/** `cache` is the instance's: it knows of the message before this one. */
export function announce(cloud: Cloud, group: string, cache: RowCache): Announcer {
  const { clock, settings } = cloud;
  const examine: string[] = [];
  let from = 0;
  let to = 0;
  const publish = async (): Promise<void> => {
    if (to === 0) return;
    const event = { group, from, to };
    from = 0;
    to = 0;
    cache.publishedAt = clock.monotonic();
    try {
      await cloud.events.committed(event);
    } catch (error) {
      // Committed is committed; the sites poll, and `tick` sends it again.
      cloud.log.warn('event_not_published', { group, to: event.to, error });
    }
  };
  return {
    examine,
    add: (logged) => {
      examine.push(...logged.examine);
      for (const row of logged.rows) {
        from = from === 0 ? row.seq : Math.min(from, row.seq);
        to = Math.max(to, row.seq);
      }
    },
    tick: async () => {
      if (clock.monotonic() - cache.publishedAt >= settings.publishMs) await publish();
    },
    close: publish,
  };
}
