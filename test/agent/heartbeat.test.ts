import { describe, expect, test } from '@jest/globals';
import { heartbeat, reportOf } from '../../lib/agent/heartbeat.ts';
import type { AgentStatus } from '../../lib/agent/status.ts';
import { silent } from '../../lib/base/log.ts';
import type { Report } from '../../lib/protocol/report.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const minute = 60_000;
const status: AgentStatus = {
  state: 'idle',
  cursor: 9,
  pendingUploads: 0,
  pendingDownloads: 0,
  pending: 0,
  problems: [],
  conflicts: [],
  files: 4,
  halt: undefined,
  inSyncAsOf: 0,
};

/** Runs until so many reports were sent; `stateAt` by minutes since the start. */
async function reportsOf(
  count: number,
  stateAt: (minutes: number) => AgentStatus['state'],
  fails = (_n: number) => false,
) {
  const clock = new VirtualClock();
  const began = clock.now();
  const end = new AbortController();
  const sent: { readonly minutes: number; readonly report: Report }[] = [];
  const minutes = (): number => (clock.now() - began) / minute;
  let tries = 0;
  await heartbeat({
    agent: { status: () => ({ ...status, state: stateAt(minutes()) }) },
    send: async (report) => {
      if (fails(++tries)) throw new Error('no answer');
      sent.push({ minutes: minutes(), report });
      if (sent.length === count) end.abort();
      return { everyMs: 5 * minute };
    },
    clock,
    log: silent,
    signal: end.signal,
  });
  return sent.map((each) => `${each.minutes} ${each.report.state}`);
}

describe('an agent reports', () => {
  test('at once, then as seldom as the backend wants to hear', async () => {
    expect(await reportsOf(4, () => 'idle')).toEqual(['0 idle', '5 idle', '10 idle', '15 idle']);
  });

  test('sooner when its state has become another, and not again for what stays', async () => {
    const stateAt = (minutes: number): AgentStatus['state'] => (minutes < 7 ? 'idle' : 'halted');
    expect(await reportsOf(4, stateAt)).toEqual(['0 idle', '5 idle', '7 halted', '12 halted']);
  });

  test('again after what failed, at its own pace', async () => {
    expect(
      await reportsOf(
        3,
        () => 'idle',
        (n) => n === 2,
      ),
    ).toEqual(['0 idle', '10 idle', '15 idle']);
  });
});

describe('a report', () => {
  const told = (more: Partial<AgentStatus>): Report => reportOf({ ...status, ...more }, 1000, 61_000);

  test('of an endpoint at rest says that it is in sync', () => {
    expect(told({ inSyncAsOf: 60_000 })).toEqual({
      state: 'idle',
      cursor: 9,
      pending: 0,
      problems: 0,
      files: 4,
      behindMs: 0,
    });
  });

  test('of one with something to do counts from when it was in sync last, or from its start', () => {
    expect(told({ state: 'syncing', pending: 2, inSyncAsOf: 41_000 })).toMatchObject({ pending: 2, behindMs: 20_000 });
    expect(told({ state: 'starting' }).behindMs).toBe(60_000);
  });

  test('of one that is halted says why, and never that it is in sync', () => {
    const halt = { code: 'root_emptied', message: 'all is gone', hint: 'look' } as AgentStatus['halt'];
    expect(told({ state: 'halted', halt, inSyncAsOf: 61_000 })).toMatchObject({ halt: 'root_emptied', behindMs: 1 });
  });
});
