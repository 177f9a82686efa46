import { describe, expect, jest, test } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWaits, scaledWaits } from '../../lib/local/functions-host/waits.ts';
import { Lines, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

const fresh = (): string => mkdtempSync(join(tmpdir(), 'functions-host-'));

describe('the worker process', () => {
  test('when it exits, what it ran fails, new calls wait, and a new one answers them', async () => {
    const lines = new Lines();
    const pids: (number | undefined)[] = [];
    const host = await startHost({ log: lines.log, onWorker: (pid) => pids.push(pid) });
    try {
      const before = await (await fetch(`${host.url}/api/pid`)).text();
      const sleeping = fetch(`${host.url}/api/sleep?ms=60000`);
      await lines.until(/^Executing 'Functions.sleep'/);
      const exiting = await fetch(`${host.url}/api/exit?code=7`);
      expect([exiting.status, (await sleeping).status]).toEqual([500, 500]);
      await lines.until(/^node exited with code 7$/);

      const after = await (await fetch(`${host.url}/api/pid`)).text();
      expect(after).not.toBe(before);
      expect(pids).toEqual([Number(before), undefined, Number(after)]);
      expect(host.counters).toMatchObject({ failed: 2, succeeded: 2, outstanding: 0, workerRestarts: 1 });
    } finally {
      await host.stop();
    }
    expect(pids.at(-1)).toBeUndefined();
  });

  test('one rejection nobody handles ends it for all functions', async () => {
    const lines = new Lines();
    const host = await startHost({ log: lines.log });
    try {
      expect((await fetch(`${host.url}/api/reject?ms=60000`)).status).toBe(500);
      await lines.until(/^node exited with code 1$/);
      await lines.until(/nobody waits for this/);
    } finally {
      await host.stop();
    }
  });

  test('a function over its time fails and takes the whole process with it', async () => {
    const lines = new Lines();
    const host = await startHost({ hostJson: { version: '2.0', functionTimeout: '00:00:01' }, log: lines.log });
    try {
      const before = await (await fetch(`${host.url}/api/pid`)).text();
      expect((await fetch(`${host.url}/api/sleep?ms=60000`)).status).toBe(500);
      await lines.until(
        /^Timeout value of 00:00:01 exceeded by function 'sleep' \(Id: '.*'\). Initiating cancellation.$/,
      );
      expect(await (await fetch(`${host.url}/api/pid`)).text()).not.toBe(before);
    } finally {
      await host.stop();
    }
  });

  test('ends when its host is killed', async () => {
    const dir = fresh();
    const script = join(dir, 'parent.ts');
    const start = join(import.meta.dirname, '../support/apps/start.ts');
    writeFileSync(
      script,
      `import { startHost } from ${JSON.stringify(start)};
       let worker: number | undefined;
       await startHost({ onWorker: (pid) => (worker = pid) });
       process.send?.(worker);`,
    );
    const parent = fork(script, { execArgv: [], stdio: 'ignore' });
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    // The promise is 2 s on an idle machine; a busy one gets the rest.
    const deadline = performance.now() + 15_000;
    while (isAlive(pid) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isAlive(pid)).toBe(false);
  });

  test('an app that cannot be loaded is refused with its reason', async () => {
    const dir = fresh();
    writeFileSync(join(dir, 'broken.js'), 'throw new Error("no such luck");');
    await expect(startHost({ app: { dir, entries: ['broken.js'] } })).rejects.toMatchObject({
      code: 'app_load_failed',
      message: expect.stringContaining('no such luck') as unknown,
    });
  });
});

test('stopping lets what runs finish, and takes nothing new', async () => {
  const lines = new Lines();
  const host = await startHost({ log: lines.log });
  const running = fetch(`${host.url}/api/sleep?ms=300`);
  await lines.until(/^Executing 'Functions.sleep'/);
  const stopped = host.stop();
  await expect(fetch(`${host.url}/api/pid`)).rejects.toThrow('fetch failed');
  expect((await running).status).toBe(200);
  await stopped;
});

test('what does not finish in time when stopping is ended', async () => {
  const lines = new Lines();
  const host = await startHost({ log: lines.log, waits: scaledWaits(realWaits, 0.005) });
  const running = fetch(`${host.url}/api/sleep?ms=60000`).catch(() => undefined);
  await lines.until(/^Executing 'Functions.sleep'/);
  const began = performance.now();
  await host.stop();
  expect(performance.now() - began).toBeLessThan(15_000);
  await running;
});

/** An orphan that has ended may stay in the table of processes as a zombie, where nobody reaps them. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
