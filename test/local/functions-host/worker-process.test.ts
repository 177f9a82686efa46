import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../lib/base/log.ts';
import { HostLog } from '../../../lib/local/functions-host/host-log.ts';
import { WorkerProcess } from '../../../lib/local/functions-host/worker-process.ts';
import { realWaits } from '../../../lib/local/functions-host/waits.ts';
import { FakeClock, settle } from './fake-clock.ts';

let clock: FakeClock;
let dir: string;
let waits: number[];
let worker: WorkerProcess;
let gone: () => Promise<void>;

beforeEach(async () => {
  clock = new FakeClock(0);
  waits = [];
  dir = mkdtempSync(join(tmpdir(), 'worker-process-'));
  // Fails to load while the file `broken` is there.
  writeFileSync(
    join(dir, 'app.cjs'),
    `if (require('fs').existsSync(__dirname + '/broken')) throw new Error('broken');`,
  );
  let exits: (() => void)[] = [];
  gone = () => new Promise((resolve) => exits.push(resolve));
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    waits.push(ms);
    return sleep(ms, signal);
  };
  worker = new WorkerProcess({
    dir,
    entries: ['app.cjs'],
    env: process.env,
    args: [],
    clock,
    log: new HostLog(silent),
    waits: { ...realWaits, failedStarts: Infinity },
    gaveUp: () => {},
    onWorker(pid) {
      if (pid !== undefined) return;
      for (const tell of exits) tell();
      exits = [];
    },
  });
  await worker.start();
});

afterEach(() => worker.stop(1_000));

const request = {
  invocationId: 'i',
  functionId: 'nosuch',
  inputData: [],
  triggerMetadata: {},
  traceContext: { traceParent: '', traceState: '' },
};

async function crash(): Promise<void> {
  const ended = gone();
  worker.kill();
  await ended;
  await settle();
}

describe('a worker that keeps crashing', () => {
  test('comes back after 0.3 s, doubling to 30 s; what was asked meanwhile is answered by the first that lives', async () => {
    writeFileSync(join(dir, 'broken'), '');
    await crash();
    const asked = worker.invoke(request).catch((error: unknown) => String(error));
    for (let n = 0; n < 8; n++) {
      const ended = gone();
      await clock.advance(waits.at(-1) ?? 0);
      await ended;
      await settle();
    }
    expect(waits).toEqual([300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 30_000, 30_000]);
    rmSync(join(dir, 'broken'));
    await clock.advance(30_000);
    expect(await asked).toContain("Function code for 'nosuch' is not loaded");
  }, 20_000);

  test('is forgiven after a minute of health', async () => {
    await crash();
    await clock.advance(300);
    await worker.invoke(request).catch(() => {});
    await crash();
    await clock.advance(600);
    await worker.invoke(request).catch(() => {});
    await clock.advance(60_001);
    await crash();
    expect(waits).toEqual([300, 600, 300]);
  });

  test('what waits for it fails when it is ended for good', async () => {
    await crash();
    const asked = worker.invoke(request).catch((error: unknown) => String(error));
    worker.end();
    expect(await asked).toContain('aborted');
    await expect(worker.invoke(request)).rejects.toThrow('aborted');
  });
});
