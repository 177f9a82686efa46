// kill -9 of services under load, as real processes: nothing acknowledged is missing, nothing comes beyond at-least-once.
// The short form for those without kills in a suite of their own (tables, files, Service Bus have them in test/contract);
// `npm run soak -- --kills` kills each of them 20 times.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killDurable } from './durable.ts';
import { killEventGrid } from './event-grid.ts';
import { killFunctionsHost } from './functions-host.ts';
import { killAll } from './victim.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kills-'));
});
afterEach(() => {
  killAll();
  rmSync(dir, { recursive: true, force: true });
});

test('Event Grid: events that were taken from publishers arrive, and again only what was under way', async () => {
  expect(await killEventGrid(dir, 2, 100)).toBeGreaterThanOrEqual(200);
}, 120_000);

test('Functions host: every message is run, and no delivery of one twice', async () => {
  expect(await killFunctionsHost(dir, 1, 40)).toBeGreaterThanOrEqual(40);
}, 120_000);

test('Durable: every orchestration comes to its end, and an entity has done what it was told once for each', async () => {
  expect(await killDurable(dir, 1, 10)).toBeGreaterThanOrEqual(10);
}, 120_000);
