// The state of an entity as the status of its instance shows it: keys, order and texts as Microsoft's extension (3.14.1) was
// seen to write them.
import { expect, jest, test } from '@jest/globals';
import { type Df, type StatusBody, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();
let count = 0;
const fresh = (): string => `@cnt@Shown${++count}`;

interface Shown {
  readonly input: string;
  readonly customStatus: string;
}

/** JSON texts, in which times and ids have given way to words: keys and their order count. */
function shown({ input, customStatus }: StatusBody): Shown {
  const hide = (value: unknown): string =>
    JSON.stringify(value)
      .replace(/"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z?)"/g, (time, zone) => (time < '"0002' ? time : `"time${zone}"`))
      .replace(/"(\w+-){4}\w+"/g, '"guid"');
  return { input: hide(input), customStatus: hide(customStatus) };
}

async function until(id: string, fits: (input: Df) => boolean): Promise<Shown> {
  return shown(await app.until(id, ({ input }) => fits(input)));
}

const call = function* (df: Df, to: Df): Generator<Df, unknown, Df> {
  return yield df.callEntity(to, 'add', 5);
};

test('who has spoken to it last, and from which execution; clients are nobody', async () => {
  const id = fresh();
  await app.client('signalEntity', { $entity: id }, 'add', 1);
  expect(await until(id, ({ exists }) => exists === true)).toEqual({
    input: '{"exists":true,"state":"1","sorter":{}}',
    customStatus: '{"entityExists":true}',
  });
  const caller = await app.start(
    function* (df, to) {
      yield df.callEntity(to, 'add', 1);
      df.signalEntity(to, 'add', 2);
      return yield df.callEntity(to, 'add', 1);
    },
    { $entity: id },
  );
  await app.end(caller);
  const status = await app.status(id);
  // The last one was the second of its turn: 100 ns later, and its zone is lost.
  expect(shown(status).input).toBe(
    `{"exists":true,"state":"5","sorter":{"ReceivedFromInstance":{"${caller}":{"Last":"time","ExecutionId":"guid"}},"ReceiveHorizon":"timeZ"}}`,
  );
  const { ReceivedFromInstance, ReceiveHorizon } = (status.input as Df).sorter;
  expect(Date.parse(`${ReceivedFromInstance[caller].Last}Z`) - Date.parse(ReceiveHorizon)).toBeGreaterThan(1_799_999);
});

test('who holds it, and what waits for that', async () => {
  const id = fresh();
  const holder = await app.start(
    function* (df, to) {
      const lock = yield df.lock(to);
      df.setCustomStatus('locked');
      yield df.waitForExternalEvent('go');
      lock.release();
    },
    { $entity: id },
  );
  await app.until(holder, ({ customStatus }) => customStatus === 'locked');
  await app.client('signalEntity', { $entity: id }, 'add', 7);
  await until(id, ({ queue }) => queue?.length === 1);
  const caller = await app.start(call, { $entity: id });
  await until(id, ({ queue }) => queue?.length === 2);
  const locker = await app.start(
    function* (df, to) {
      const lock = yield df.lock(to);
      lock.release();
    },
    { $entity: id },
  );
  const never = '"Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00"';
  const first = '"Timestamp":"timeZ","Predecessor":"0001-01-01T00:00:00"';
  const by = (one: string): string => `"${one}":{"Last":"timeZ","ExecutionId":"guid"}`;
  expect(await until(id, ({ queue }) => queue?.length === 3)).toEqual({
    input:
      `{"queue":[{"op":"add","signal":true,"input":"7","id":"guid",${never}},` +
      `{"op":"add","input":"5","id":"guid","parent":"${caller}","parentExecution":"guid",${first},"requestTime":"time+00:00"},` +
      `{"op":null,"id":"guid","parent":"${locker}","parentExecution":"guid",${first},"lockset":[{"name":"cnt","key":"${id.split('@')[2]}"}]}],` +
      `"lockedBy":"${holder}","sorter":{"ReceivedFromInstance":{${by(holder)},${by(caller)},${by(locker)}},"ReceiveHorizon":"timeZ"}}`,
    customStatus: `{"queueSize":3,"lockedBy":"${holder}"}`,
  });
  await app.client('raiseEvent', holder, 'go', 1);
  expect((await app.end(caller)).output).toBe(12);
  await app.end(locker);
  expect(await until(id, ({ lockedBy }) => lockedBy === undefined)).toMatchObject({
    customStatus: '{"entityExists":true}',
  });
});

test('whom it has spoken to itself; what it was deleted with stays', async () => {
  const [id, other] = [fresh(), fresh()];
  await app.client('signalEntity', { $entity: id }, 'forward', other.split('@')[2]);
  expect(await until(other, ({ exists }) => exists === true)).toEqual({
    input: `{"exists":true,"state":"9","sorter":{"ReceivedFromInstance":{"${id}":{"Last":"timeZ"}},"ReceiveHorizon":"timeZ"}}`,
    customStatus: '{"entityExists":true}',
  });
  const book = `"sorter":{"LastSentToInstance":{"${other}":"timeZ"},"SendHorizon":"timeZ"}`;
  expect(shown(await app.status(id)).input).toMatch(new RegExp(`${book}}$`));
  await app.client('signalEntity', { $entity: id }, 'delete');
  expect(await until(id, ({ exists }) => exists === undefined)).toEqual({ input: `{${book}}`, customStatus: '{}' });
});
