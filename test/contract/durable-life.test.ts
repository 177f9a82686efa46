// oxlint-disable require-yield
// A task hub over the ends and starts of its host, and where it is not wanted.
import { expect, jest, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWaits, scaledWaits } from '../../lib/local/functions-host/waits.ts';
import { Lines, keys, startHost } from '../support/apps/start.ts';
import { type Df, DurableApp, script, startDurableHost } from '../support/durable.ts';

jest.setTimeout(30_000);

const fresh = (): string => mkdtempSync(join(tmpdir(), 'durable-life-'));
const names = (data: string): string[] => readdirSync(data).filter((name) => name.endsWith('.db'));

test('what waits is there after a restart, and a timer that was due meanwhile fires', async () => {
  const data = fresh();
  const first = await startDurableHost({ data });
  const before = new DurableApp(first);
  const event = await before.start(function* (df) {
    return yield df.waitForExternalEvent('go');
  });
  const timer = await before.start(function* (df) {
    df.setCustomStatus('waiting');
    yield df.createTimer(new Date(df.currentUtcDateTime.getTime() + 300));
    return 'fired';
  });
  await before.until(event, ({ runtimeStatus }) => runtimeStatus === 'Running');
  // On a slow machine it is over by now: then it only stays so.
  await before.until(timer, ({ customStatus, output }) => customStatus === 'waiting' || output === 'fired');
  await first.stop();
  expect(names(data)).toContain('durable-testhubname.db');

  const second = await startDurableHost({ data });
  try {
    const after = new DurableApp(second);
    expect((await after.end(timer)).output).toBe('fired');
    await after.client('raiseEvent', event, 'go', 'still there');
    expect((await after.end(event)).output).toBe('still there');
  } finally {
    await second.stop();
  }
});

test('an activity that a stop cut off runs again with the next start', async () => {
  const data = fresh();
  const marker = join(data, 'begun');
  const waits = { ...scaledWaits(realWaits, 0.001), restart: realWaits.restart };
  const first = await startDurableHost({ data, waits });
  const before = new DurableApp(first);
  // Never ends the first time.
  const run = function (file: string): unknown {
    const fs = process.getBuiltinModule('fs');
    const isFirst = !fs.existsSync(file);
    fs.appendFileSync(file, 'x');
    return isFirst ? new Promise(() => {}) : 'done';
  };
  const id = await before.start(
    function* (df, input) {
      return yield df.callActivity('run', input);
    },
    script(run, marker),
  );
  while (!existsSync(marker)) await new Promise(setImmediate);
  await first.stop();

  const second = await startDurableHost({ data, waits });
  try {
    expect((await new DurableApp(second).end(id)).output).toBe('done');
    expect(readFileSync(marker, 'utf8')).toBe('xx');
  } finally {
    await second.stop();
  }
});

test('a changed host.json has effect, and the hub goes on', async () => {
  const data = fresh();
  const hostJson = join(data, 'host.json');
  writeFileSync(hostJson, JSON.stringify({ version: '2.0' }));
  const lines = new Lines();
  const host = await startDurableHost({ data, hostJson, log: lines.log });
  try {
    const app = new DurableApp(host);
    const id = await app.start(function* (df) {
      return yield df.waitForExternalEvent('go');
    });
    await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Running');
    writeFileSync(hostJson, JSON.stringify({ version: '2.0', extensions: { durableTask: { defaultVersion: '3.0' } } }));
    await lines.until(/^Host started$/, 2);
    const versioned = (await app.client('startNew', 'versioned')) as string;
    expect((await app.end(versioned)).output).toBe('3.0');
    await app.client('raiseEvent', id, 'go', 1);
    expect((await app.end(id)).output).toBe(1);
  } finally {
    await host.stop();
  }
});

test('hubs are apart by their names', async () => {
  const data = fresh();
  const hub = (hubName: string): object => ({ version: '2.0', extensions: { durableTask: { hubName } } });
  const first = await startDurableHost({ data, hostJson: hub('One') });
  await new DurableApp(first).client('startNew', 'plain', { instanceId: 'mine' });
  await new DurableApp(first).end('mine');
  await first.stop();
  const second = await startDurableHost({ data, hostJson: hub('Two') });
  try {
    expect((await new DurableApp(second).http('GET', 'instances/mine')).status).toBe(404);
    expect(names(data)).toEqual(expect.arrayContaining(['durable-one.db', 'durable-two.db']));
    const payload = (await new DurableApp(second).client('createHttpManagementPayload', 'x')) as Df;
    expect(payload.statusQueryGetUri).toContain('taskHub=Two');
  } finally {
    await second.stop();
  }
});

test('an app without durable functions has no hub', async () => {
  const data = fresh();
  const host = await startHost({ data });
  try {
    expect((await fetch(`${host.url}/runtime/webhooks/durabletask/instances?code=${keys.system}`)).status).toBe(404);
    expect(names(data).filter((name) => name.startsWith('durable'))).toEqual([]);
  } finally {
    await host.stop();
  }
});
