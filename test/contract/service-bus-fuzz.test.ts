// Whatever comes over the wire, it ends the connection that it came on at most; the broker goes on, and keeps what it has.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recorded, throwNonsense } from '../local/service-bus/fuzz.ts';
import { askNonsense } from '../local/service-bus/fuzz-management.ts';
import { isUnprepared } from '../local/service-bus/management-client.ts';
import { empty, receive, startBench } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

const seed = Number(process.env['TIDEWAY_SEED'] ?? 20_261_126);

test(`spoilt frames of a real client (TIDEWAY_SEED=${seed})`, async () => {
  const client = bench.client();
  const frames = await recorded(bench);
  expect(frames.length).toBeGreaterThan(60);
  await client.createSender('graveyard').sendMessages([{ body: 1 }, { body: 2 }]);
  await throwNonsense(bench, frames, seed, 300);
  const keeper = client.createReceiver('graveyard', { receiveMode: 'receiveAndDelete' });
  expect((await receive(keeper, 2)).map(({ body }) => body as unknown)).toEqual([1, 2]);
  expect(await empty(keeper)).toBe(true);
  const fresh = bench.client();
  await fresh.createSender('graveyard').sendMessages({ body: 3 });
  expect((await receive(keeper, 1))[0]!.body).toBe(3);
});

test(`management requests of any shape (TIDEWAY_SEED=${seed})`, async () => {
  const client = bench.client({ retryOptions: { maxRetries: 0 } });
  await client.acceptSession('sessions', 'a');
  const answers = await askNonsense(client, seed, 300);
  expect([...answers.values()].reduce((sum, count) => sum + count, 0)).toBe(300);
  // Some of it makes sense, most of it is refused, and none of it finds the broker unprepared.
  expect(answers.get('ok: ')).toBeGreaterThan(0);
  expect([...answers.keys()].filter(isUnprepared)).toEqual([]);
});
