import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { silent } from '../../../lib/base/log.ts';
import { etagOf, httpDateOf, isoOf, normalIso } from '../../../lib/local/files/stamps.ts';
import { Store } from '../../../lib/local/files/store.ts';

test('a stamp is never given twice, not even when the clock jumps back between two lives', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tideway-stamps-'));
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clock = { now: () => now, monotonic: () => 0, sleep: () => Promise.resolve() };
  const given: number[] = [];
  for (const jump of [0, -3_600_000, 7_200_000, -3_600_000]) {
    const store = new Store(dir, clock, silent);
    await store.write(() => given.push(store.stamps.next()));
    now += jump; // also in the middle of a life
    await store.write(() => given.push(store.stamps.next(), store.stamps.next()));
    await store.close();
  }
  expect(given).toEqual(given.toSorted((a, b) => a - b));
  expect(new Set(given).size).toBe(given.length);
  rmSync(dir, { recursive: true });
});

test('a crash does not move times ahead of the clock by more than a second', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tideway-stamps-'));
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clock = { now: () => now, monotonic: () => 0, sleep: () => Promise.resolve() };
  for (let life = 0; life < 5; life++) {
    const store = new Store(dir, clock, silent);
    const given: number[] = [];
    await store.write(() => given.push(store.stamps.next()));
    expect((given[0] ?? 0) - now * 1000).toBeLessThanOrEqual(1_000_000);
    await store.close(); // what was reserved stays reserved, as after a crash
    now += 2000;
  }
  rmSync(dir, { recursive: true });
});

test('a stamp is shown as ETag, time and date', () => {
  const stamp = Date.parse('2026-11-26T01:19:16.123Z') * 1000 + 456;
  expect(isoOf(stamp)).toBe('2026-11-26T01:19:16.1234560Z');
  expect(isoOf(stamp + 1_000_000)).toBe('2026-11-26T01:19:17.1234560Z');
  expect(httpDateOf(stamp)).toBe('Thu, 26 Nov 2026 01:19:16 GMT');
  expect(etagOf(stamp)).toMatch(/^"0x[0-9A-F]+"$/);
  expect(etagOf(stamp)).not.toBe(etagOf(stamp + 1));
});

test.each([
  ['2026-11-26T01:19:16Z', '2026-11-26T01:19:16.0000000Z'],
  ['2026-11-26T01:19:16.5Z', '2026-11-26T01:19:16.5000000Z'],
  ['2026-11-26T01:19:16.1234567Z', '2026-11-26T01:19:16.1234567Z'],
  ['2026-11-26T01:19:16.12345678Z', undefined],
  ['2026-13-26T01:19:16Z', undefined],
  ['now', undefined],
])('the time %s becomes %s', (text, normal) => {
  expect(normalIso(text)).toBe(normal);
});
