import { expect, test } from '@jest/globals';
import { Halted, type Halt } from '../../../lib/agent/safety/halt.ts';
import { Safety } from '../../../lib/agent/safety/safety.ts';
import type { Sentinel } from '../../../lib/agent/safety/sentinel.ts';
import { TidewayError } from '../../../lib/base/errors.ts';
import { silent } from '../../../lib/base/log.ts';

const emptied: Halt = { code: 'root_emptied', message: 'the folder has lost its mark' };

function safety(signal = new AbortController().signal): Safety {
  const sentinel = { check: async () => {}, restore: async () => {} } as unknown as Sentinel;
  return new Safety({ sentinel, log: silent, signal, onChange: () => {}, onLifted: () => {} });
}

/** A root that is not what it should be for the first `times` looks, each of which takes a few turns. */
function rootLost(times: number): { readonly check: () => Promise<void>; readonly looks: () => number } {
  let looks = 0;
  const check = async (): Promise<void> => {
    looks++;
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    if (looks <= times) throw new Halted(emptied);
  };
  return { check, looks: () => looks };
}

test('who resumes is answered when the root was looked at again: halted still, or not', async () => {
  const at = safety();
  const { check, looks } = rootLost(2);
  const claimed = at.until(check);
  while (at.halt === undefined) await new Promise((resolve) => setImmediate(resolve));
  await at.resume(false);
  expect([looks(), at.halt?.code]).toEqual([2, 'root_emptied']);
  await at.resume(false);
  expect([looks(), at.halt]).toEqual([3, undefined]);
  await claimed;
});

test('who resumes an agent that is being stopped is not kept waiting', async () => {
  const stop = new AbortController();
  const at = safety(stop.signal);
  const claimed = at.until(() => Promise.reject(new Halted(emptied)));
  while (at.halt === undefined) await new Promise((resolve) => setImmediate(resolve));
  const resumed = at.resume(false);
  stop.abort();
  await resumed;
  await expect(claimed).rejects.toThrow(/abort/);
});

test('what only a new start helps against is not covered by what a person can mend meanwhile', async () => {
  const at = safety();
  at.fatal(new TidewayError('state_full', 'no room'));
  at.haltFor(emptied);
  await at.resume(true);
  expect(at.halt?.code).toBe('state_full');
});
