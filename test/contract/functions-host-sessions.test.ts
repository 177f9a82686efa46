// What the host's part for sessions leaves behind with the official client, which renews the token of each link for as long as
// that is not closed: a timer that keeps a process alive.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSource } from '../../lib/local/functions-host/service-bus/source.ts';
import { type Bench, startBench } from '../local/service-bus/support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.stop());

test.each(['close', 'reconnect'] as const)('a wait for a session ends with %s', async (how) => {
  const source = openSource((options) => bench.client(options), { path: 'sessions' });
  const ended = source.nextSession().then(
    () => 'a session',
    () => 'none',
  );
  await source[how]();
  expect(await ended).toBe('none');
  if (how === 'reconnect') await source.close();
});
