import { join } from 'node:path';
import type { Extension, HostContext } from '../extension.ts';
import { textOption } from '../function-definition.ts';
import { TimerListener } from './listener.ts';
import { parseSchedule } from './schedule.ts';
import { TimerStatusStore } from './status.ts';

export function timerExtension(host: HostContext): Extension {
  const store = new TimerStatusStore(host.data === undefined ? ':memory:' : join(host.data, 'timers.db'));
  return {
    name: 'timer',
    triggers: ['timertrigger'],
    listen: (definition) =>
      new TimerListener({
        definition,
        schedule: parseSchedule(textOption(definition.trigger, 'schedule')),
        host,
        store,
      }),
    stop() {
      store.close();
      return Promise.resolve();
    },
  };
}
