// What hooks start and stop, under its name before it is there.
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { must } from '../../lib/base/errors.ts';

interface Stoppable {
  stop(): Promise<void>;
}

/** One for all cases of the `describe` around it, or a new one for each. */
export function started<W extends Stoppable>(start: () => Promise<W>, scope: 'all' | 'each'): W {
  let current: W | undefined;
  const [before, after] = scope === 'all' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    current = await start();
  });
  after(() => current?.stop());
  return new Proxy<W>({} as W, {
    get: (_, name) => Reflect.get(must(current, 'nothing is started yet'), name) as unknown,
  });
}
