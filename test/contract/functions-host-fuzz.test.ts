// Whatever is asked, the host answers it or hangs up, and its worker goes on.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FunctionsHost } from '../../lib/local/functions-host/host.ts';
import { throwNonsense } from '../local/functions-host/fuzz.ts';
import { Lines, startHost } from '../support/apps/start.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? 20_261_126);
const lines = new Lines();
let host: FunctionsHost;
beforeAll(async () => {
  host = await startHost({ settings: { GIVEN: 'a setting' }, log: lines.log });
}, 30_000);
afterAll(() => host.stop());

test(`spoilt requests (TIDEWAY_SEED=${seed})`, async () => {
  const echo = async (): Promise<unknown> =>
    ((await (await fetch(`${host.url}/api/echo/5/abc`)).json()) as { params: unknown }).params;
  const before = await echo();
  const statuses = await throwNonsense(host, seed, 400);
  // Some of it was sound enough to be done.
  for (const status of [200, 201, 202, 400, 401, 404])
    expect([status, statuses.get(status)]).toEqual([status, expect.any(Number)]);
  expect([...statuses.keys()].filter((status) => status > 500 && status !== 501)).toEqual([]);
  expect(await echo()).toEqual(before);
  expect(lines.all.filter(({ message }) => /exited with code/.test(message))).toEqual([]);
}, 60_000);
