import { expect, test } from '@jest/globals';
import { Scheduler } from './scheduler.ts';

test('a loop that wakes itself, and asks for a wait that it does not wait for, is told', async () => {
  const clock = new Scheduler();
  let ended = false;
  const round = (): void => {
    // As `settled` of an agent does with each progress that it hears of.
    for (let count = 0; count < 2; count++) clock.after(10, () => {});
    if (!ended) setImmediate(round);
  };
  round();
  await expect(clock.run(() => false, 60_000)).rejects.toThrow('goes round without a wait');
  ended = true;
});

test('many events of one moment are no loop', async () => {
  const clock = new Scheduler();
  let count = 0;
  for (let at = 0; at < 500; at++) clock.after(10, () => count++);
  expect([await clock.run(() => count === 500, 10), clock.monotonic()]).toEqual([true, 10]);
});
