// A server that falls silent: `status` says since when, what alerts read grows, and both end when it is back.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;

beforeAll(async () => {
  space = new Workspace('a', 'b');
  Object.assign(space.env, {
    TIDEWAY_TICK: '*/1 * * * * *',
    TIDEWAY_REPORT_SECONDS: '1',
    TIDEWAY_HEALTH_SECONDS: '1',
  });
  await space.up('a', 'b');
}, 60_000);

afterAll(() => space.dispose(), 30_000);

interface Vital {
  readonly event: string;
  readonly server?: string;
  readonly state?: string;
  readonly lastSeenSeconds?: number;
}

/** What the function `tick` wrote, through host.json: the lines that Application Insights would get. */
function vitals(): readonly Vital[] {
  const logs = path.join(space.data, 'logs');
  const lines = readdirSync(logs).flatMap((name) => readFileSync(path.join(logs, name), 'utf8').split('\n'));
  return lines.flatMap((line) => {
    if (!line.includes('Function.tick.User')) return [];
    const { message } = JSON.parse(line) as { message: string };
    return [JSON.parse(message) as Vital];
  });
}

async function silentSince(server: string): Promise<string | null | undefined> {
  const { stdout } = await space.run('status', '--json');
  const { groups } = JSON.parse(stdout) as {
    groups: readonly { endpoints: readonly { server: string; silentSince: string | null }[] }[];
  };
  return groups[0]?.endpoints.find((each) => each.server === server)?.silentSince;
}

const last = (server: string): Vital | undefined => vitals().findLast((each) => each.server === server);

test('an agent that stands still is silent, and no longer when it goes on', async () => {
  await until('a report of both', 60_000, () => last('a')?.state === 'idle' && last('b')?.state === 'idle');
  // With reports a second apart, a machine that is busy makes anybody silent for a moment.
  await until('nobody to be silent', 60_000, async () => (await silentSince('b')) === null);
  const pid = space.processes().find((each) => each.role === 'agent' && each.site === 'b')?.pid ?? 0;
  expect(pid).toBeGreaterThan(0);
  // Not killed: the hub would start it again, which is another test's.
  process.kill(pid, 'SIGSTOP');
  try {
    await until('silence to be told', 60_000, () => (last('b')?.lastSeenSeconds ?? 0) > 3);
    const seconds = (server: string): number => last(server)?.lastSeenSeconds ?? Infinity;
    await until('the other to be heard later', 60_000, () => seconds('a') < seconds('b'));
    const { stdout } = await space.run('status');
    const [, since = ''] = /silent since (\S+):/.exec(stdout) ?? [];
    expect(Date.parse(since)).toBeLessThan(Date.now() - 3000);
    expect(stdout).toContain('agent_silent');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await until('it to be heard again', 60_000, async () => (await silentSince('b')) === null);
  expect(vitals().some(({ event }) => event === 'tideway.timer')).toBe(true);
}, 300_000);
