import { describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lines, keys, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

describe('timers', () => {
  test('fire by their schedule, with what the library makes of it', async () => {
    const lines = new Lines();
    const host = await startHost({ settings: { SCHEDULE: '*/1 * * * * *' }, log: lines.log });
    try {
      const [first] = await lines.until(/^tick /, 2);
      expect(JSON.parse((first?.message ?? '').slice(5))).toEqual({
        schedule: { adjustForDST: true },
        scheduleStatus: null,
        isPastDue: false,
      });
      await lines.until(/^Executing 'Functions.tick' \(Reason='Timer fired at \d{4}-.*\+00:00', Id=/);
      expect(lines.all.some(({ message }) => message === 'disabled ran')).toBe(false);
    } finally {
      await host.stop();
    }
  });

  test('keep their status in the data directory', async () => {
    const data = mkdtempSync(join(tmpdir(), 'functions-host-data-'));
    for (const start of [1, 2]) {
      const lines = new Lines();
      const host = await startHost({ data, log: lines.log });
      await fetch(`${host.url}/admin/functions/tick?code=${keys.master}`, { method: 'POST', body: '{}' });
      await lines.until(/^Executed 'Functions.tick'/);
      expect([
        start,
        lines.all.filter(({ message }) => /error/i.test(message) && !/is in error/.test(message)),
      ]).toEqual([start, []]);
      await host.stop();
    }
  });
});

describe('retries', () => {
  test('a policy of the function: same invocation, each attempt knows its number', async () => {
    const lines = new Lines();
    const host = await startHost({ log: lines.log });
    try {
      await fetch(`${host.url}/admin/functions/retrying?code=${keys.master}`, { method: 'POST' });
      const attempts = (await lines.until(/^attempt \d \{/, 3)).map(({ message }) => message.split(/ (?=\{)|(?<=\}) /));
      const contexts = attempts.map(([, context]) => JSON.parse(context ?? '') as Record<string, unknown>);
      expect(contexts).toMatchObject([
        { retryCount: 0, maxRetryCount: 2 },
        { retryCount: 1, maxRetryCount: 2, exception: { message: 'attempt 1 failed' } },
        { retryCount: 2, maxRetryCount: 2, exception: { message: 'attempt 2 failed' } },
      ]);
      expect(new Set(attempts.map(([, , id]) => id)).size).toBe(1);
      await lines.until(/^Executed 'Functions.retrying' \(Succeeded/);
    } finally {
      await host.stop();
    }
  });

  test('that of host.json holds an HTTP request open until the last attempt', async () => {
    const lines = new Lines();
    const retry = { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: '00:00:00' };
    const host = await startHost({ hostJson: { version: '2.0', retry }, log: lines.log });
    try {
      expect((await fetch(`${host.url}/api/throws`)).status).toBe(500);
      await lines.until(/^Function execution failed after '1' retries.$/);
    } finally {
      await host.stop();
    }
  });
});

test('draining stops the timers and leaves HTTP alone', async () => {
  const lines = new Lines();
  const host = await startHost({ settings: { SCHEDULE: '*/1 * * * * *' }, log: lines.log });
  const admin = (method: string, path: string) =>
    fetch(`${host.url}/admin/host/drain${path}?code=${keys.master}`, { method });
  const state = async (): Promise<unknown> =>
    ((await (await admin('GET', '/status')).json()) as { state: unknown }).state;
  try {
    expect(await state()).toBe('Disabled');
    expect((await admin('POST', '')).status).toBe(202);
    while ((await state()) !== 'Completed') await new Promise((resolve) => setTimeout(resolve, 5));
    const ticks = (): number =>
      lines.all.filter(({ message }) => message.startsWith("Executing 'Functions.tick'")).length;
    const before = ticks();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(ticks()).toBe(before);
    expect((await fetch(`${host.url}/api/pid`)).status).toBe(200);
  } finally {
    await host.stop();
  }
});

test('a key of one function opens that one only', async () => {
  const host = await startHost({ keys: { ...keys, functions: { guarded: 'only-this' } } });
  try {
    expect((await fetch(`${host.url}/api/guarded?code=only-this`)).status).toBe(200);
    expect((await fetch(`${host.url}/api/master?code=only-this`)).status).toBe(401);
  } finally {
    await host.stop();
  }
});
