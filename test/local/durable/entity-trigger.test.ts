// What an entity's function is given: the text, to the last space.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../lib/base/clock.ts';
import { eventRaised } from '../../../lib/local/durable/history.ts';
import { openHub } from './in-process.ts';

test('a batch as indented JSON, its state null where there is none yet', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tideway-entity-')), 'hub.db');
  const { promise, resolve } = Promise.withResolvers<void>();
  const durable = openHub({ file, app: { orchestrators: {}, entities: { cnt: () => resolve() } }, clock: systemClock });
  const given: (string | undefined)[] = [];
  const { host, store, news } = durable.hub;
  const { invoke } = host;
  Object.assign(host, {
    invoke: (...args: Parameters<typeof invoke>) => {
      given.push(args[1].input.string);
      return invoke(...args);
    },
  });
  const told = (id: string, more: object): string => JSON.stringify({ op: 'add', id, ...more });
  await store.commit(() => {
    store.send('@cnt@a', eventRaised('op', told('1', { signal: true, input: '5' }), '2026-01-01T00:00:00Z'));
    store.send('@cnt@a', eventRaised('op', told('2', { signal: true }), '2026-01-01T00:00:00Z'));
  });
  durable.start();
  news('@cnt@a');
  await promise;
  await durable.stop();
  durable.close();
  expect(given).toEqual([
    `{
  "self": {
    "name": "cnt",
    "key": "a"
  },
  "exists": false,
  "state": null,
  "batch": [
    {
      "name": "add",
      "input": "5",
      "isSignal": true,
      "id": "1"
    },
    {
      "name": "add",
      "input": null,
      "isSignal": true,
      "id": "2"
    }
  ]
}`,
  ]);
});
