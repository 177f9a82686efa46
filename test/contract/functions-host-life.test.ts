// A host's life: host.json that changes, several processes, an app that cannot be started any more, and the order of the end.
import { afterEach, expect, jest, test } from '@jest/globals';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionsHost, FunctionsHostOptions } from '../../lib/local/functions-host/host.ts';
import { realWaits, scaledWaits } from '../../lib/local/functions-host/waits.ts';
import { Lines, keys, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

const fresh = (): string => mkdtempSync(join(tmpdir(), 'functions-host-life-'));
const waits = scaledWaits(realWaits, 0.01);
let lines: Lines;
let host: FunctionsHost;

async function start(options: Partial<FunctionsHostOptions>): Promise<void> {
  lines = new Lines();
  host = await startHost({ waits, log: lines.log, ...options });
}
afterEach(() => host.stop());

const call = async (path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${host.url}${path}`);
  return { status: response.status, text: await response.text() };
};

test('host.json: a change takes effect without a new host; while it is invalid routes answer 503', async () => {
  const file = join(fresh(), 'host.json');
  const write = (prefix: string): void => {
    // Whole, as editors save: nobody reads half a file.
    writeFileSync(`${file}.new`, `{"version":"2.0","extensions":{"http":{"routePrefix":${prefix}}}}`);
    renameSync(`${file}.new`, file);
  };
  write('"v1"');
  await start({ hostJson: file });
  const first = await call('/v1/pid');
  expect(first.status).toBe(200);
  write('"v2"');
  await lines.until(/^Host started$/, 2);
  expect((await call('/v1/pid')).status).toBe(404);
  const second = await call('/v2/pid');
  expect(second.status).toBe(200);
  expect(second.text).not.toBe(first.text);
  write('2');
  await lines.until(/^Host is in error$/);
  expect(await call('/v2/pid')).toEqual({ status: 503, text: 'Function host is not running.' });
  expect(JSON.parse((await call(`/admin/host/status?code=${keys.master}`)).text)).toMatchObject({
    state: 'Error',
    errors: ['host.json: extensions: http: routePrefix must be a text'],
  });
  write('"v3"');
  await lines.until(/^Host started$/, 3);
  expect((await call('/v3/pid')).status).toBe(200);
});

test('a request that comes before the host is ready waits', async () => {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const started = start({ port });
  const early = async (): Promise<number> => {
    for (;;) {
      const status = await fetch(`http://127.0.0.1:${port}/api/pid`).then(
        (response) => response.status,
        () => 0,
      );
      if (status !== 0) return status;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  // The port is there at once; the app is not.
  expect(await early()).toBe(200);
  await started;
});

test('several processes: what one runs is not ended with another', async () => {
  await start({ settings: { FUNCTIONS_WORKER_PROCESS_COUNT: '2' } });
  const [one, two] = await Promise.all([call('/api/pid'), call('/api/pid')]);
  expect(one.text).not.toBe(two.text);
  // Invocations go round: these two are in different processes.
  const sleeping = call('/api/sleep?ms=300');
  await lines.until(/^Executing 'Functions.sleep'/);
  expect((await call('/api/exit')).status).toBe(500);
  await lines.until(/^node exited with code 7$/);
  expect((await sleeping).status).toBe(200);
  expect(host.counters.workerRestarts).toBeLessThanOrEqual(1);
});

test('an app that cannot be started three times in a row: the host gives up, and says so', async () => {
  const dir = fresh();
  const broken = join(dir, 'broken');
  writeFileSync(
    join(dir, 'app.cjs'),
    `if (require('fs').existsSync(${JSON.stringify(broken)})) throw new Error('broken')`,
  );
  await start({ app: { dir, entries: ['app.cjs'] } });
  writeFileSync(broken, '');
  host.crash();
  await lines.until(/^Exceeded language worker restart retry count/);
  expect([host.state, (await call('/api/x')).status, host.counters.workerRestarts]).toEqual(['Error', 503, 3]);
});

test('the end: requests may finish while timers go on; what is over its time is reset', async () => {
  await start({ waits: { ...waits, httpMs: 1_500 }, settings: { SCHEDULE: '*/1 * * * * *' } });
  const running = call('/api/sleep?ms=60000').catch(() => 'reset');
  await lines.until(/^Executing 'Functions.sleep'/);
  const stopped = host.stop();
  const ticks = (): number => lines.all.filter(({ message }) => message.startsWith('tick ')).length;
  await lines.until(/^tick /, ticks() + 1);
  await expect(call('/api/pid')).rejects.toThrow('fetch failed');
  expect(await running).toBe('reset');
  await stopped;
  expect(lines.all.some(({ message }) => /^Executed 'Functions.sleep' \(Failed/.test(message))).toBe(true);
});
