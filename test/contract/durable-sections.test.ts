// Critical sections in use: what is allowed inside, every way out of one, and that they exclude each other.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, sharedApp, untilEntity } from '../support/durable.ts';
import { Chance } from '../support/chance.ts';

jest.setTimeout(60_000);

const app = sharedApp();
let count = 0;
const fresh = (): string => `@cnt@Section${++count}`;
const entity = (id: string): object => ({ $entity: id });

const read = (id: string): Promise<unknown> =>
  app.result(function* (df, to) {
    return yield df.callEntity(to, 'get');
  }, entity(id));

describe('a critical section', () => {
  test('has one message for all locks, one number for each release, and an answer at the end', async () => {
    const [a, b] = [fresh(), fresh()].sort();
    const { output } = await app.run(
      function* (df, [first, second]) {
        yield df.callEntity(first, 'add', 1);
        const lock = yield df.lock(second, first, second);
        const inside = df.isLocked();
        yield df.callEntity(first, 'add', 1);
        yield df.callEntity(second, 'add', 1);
        lock.release();
        yield df.callEntity(first, 'get');
        const sent = df.state.filter((event: Df) => event.EventType === 14);
        return { inside, after: df.isLocked(), sent, raised: df.state.filter((event: Df) => event.EventType === 15) };
      },
      [{ $entity: a }, { $entity: b }],
    );
    const { inside, after, sent, raised } = output as Record<string, Df>;
    expect(inside).toEqual({
      isLocked: true,
      ownedLocks: [a, b].map((id) => ({ name: 'cnt', key: id?.split('@')[2] })),
    });
    expect(after).toEqual({ isLocked: false, ownedLocks: [] });
    expect(sent.map((event: Df) => [event.EventId, event.InstanceId, event.Name])).toEqual([
      [0, a, 'op'],
      [1, a, 'op'],
      [2, a, 'op'],
      [3, b, 'op'],
      [4, a, 'release'],
      [5, b, 'release'],
      [6, a, 'op'],
    ]);
    const lock = JSON.parse(sent[1].Input);
    expect(Object.keys(lock)).toEqual('$type op id parent parentExecution Timestamp Predecessor lockset'.split(' '));
    expect(lock.op).toBeNull();
    const [, granted] = raised;
    expect([granted.Name, JSON.parse(granted.Input).result]).toEqual([lock.id, 'Lock Acquisition Completed']);
    expect(JSON.parse(sent[4].Input)).toMatchObject({ id: lock.id });
  });

  test('keeps others out until it is left, in order of arrival', async () => {
    const id = fresh();
    const holder = await app.start(
      function* (df, to) {
        const lock = yield df.lock(to);
        df.setCustomStatus('locked');
        yield df.waitForExternalEvent('go');
        yield df.callEntity(to, 'add', 1);
        lock.release();
        return df.callEntity === undefined;
      },
      { $entity: id },
    );
    await app.until(holder, ({ customStatus }) => customStatus === 'locked');
    const other = await app.start(
      function* (df, to) {
        const lock = yield df.lock(to);
        const seen = yield df.callEntity(to, 'get');
        lock.release();
        return seen;
      },
      { $entity: id },
    );
    await app.client('signalEntity', { $entity: id }, 'add', 10);
    await app.until(id, ({ input }) => (input as { queue?: unknown[] }).queue?.length === 2);
    expect(await app.status(id)).toMatchObject({ input: { lockedBy: holder } });
    await app.client('raiseEvent', holder, 'go', 1);
    await app.end(holder);
    // The second locker came before the signal.
    expect((await app.end(other)).output).toBe(1);
    await untilEntity(app, id, 11);
  });

  test.each([
    ['returns', false, 'Completed'],
    ['fails, whose lock Microsoft’s extension keeps for ever', true, 'Failed'],
  ])('is left by who %s', async (_, fails, status) => {
    const id = fresh();
    const holder = await app.run(
      function* (df, { to, fails: does }) {
        yield df.lock(to);
        yield df.callEntity(to, 'add', 1);
        if (does) throw new Error('in the section');
      },
      { to: { $entity: id }, fails },
    );
    expect(holder.runtimeStatus).toBe(status);
    const seen = await app.result(
      function* (df, to) {
        return yield df.callEntity(to, 'add', 1);
      },
      { $entity: id },
    );
    expect(seen).toBe(2);
  });

  test('is left by who is terminated, as it is by who only waits for it', async () => {
    const id = fresh();
    const hold = function* (df: Df, to: Df): Generator<Df, void, Df> {
      yield df.lock(to);
      df.setCustomStatus('locked');
      yield df.waitForExternalEvent('never');
    };
    const holder = await app.start(hold, { $entity: id });
    await app.until(holder, ({ customStatus }) => customStatus === 'locked');
    const waiting = await app.start(hold, { $entity: id });
    await app.until(id, ({ input }) => (input as { queue?: unknown[] }).queue?.length === 1);
    await app.client('terminate', waiting, 'x');
    await app.end(waiting);
    await app.client('terminate', holder, 'x');
    await app.end(holder);
    expect(
      await app.result(
        function* (df, to) {
          return yield df.callEntity(to, 'add', 1);
        },
        { $entity: id },
      ),
    ).toBe(1);
  });
});

describe('inside a critical section', () => {
  test('activities may be called, and entities that are not locked may be signalled', async () => {
    const [locked, other] = [fresh(), fresh()];
    const said = await app.result(
      function* (df, [to, free]) {
        const lock = yield df.lock(to);
        const answer = yield df.callActivity('say', 'you');
        df.signalEntity(free, 'add', 3);
        lock.release();
        return answer;
      },
      [entity(locked), entity(other)],
    );
    expect(said).toBe('hello you');
    // A signal comes before what is called after it.
    expect(await read(other)).toBe(3);
  });

  test.each<[string, (df: Df, ids: Df) => Generator<Df, unknown, Df>, string]>([
    [
      'a locked entity may not be signalled',
      function* (df, [to]) {
        yield df.lock(to);
        df.signalEntity(to, 'add', 1);
      },
      'Cannot signal an entity from within a critical section if the entity is one of the locked entities.',
    ],
    [
      'another one may not be called',
      function* (df, [to, other]) {
        yield df.lock(to);
        yield df.callEntity(other, 'get');
      },
      'Cannot call an entity from within a critical section unless it is one of the locked entities.',
    ],
    [
      'a sub-orchestration may not be started',
      function* (df, [to]) {
        yield df.lock(to);
        yield df.callSubOrchestrator('plain', 1);
      },
      'Cannot invoke sub-orchestrations from within a critical section.',
    ],
    [
      'no more may be locked',
      function* (df, [to, other]) {
        yield df.lock(to);
        yield df.lock(other);
      },
      'Cannot acquire more locks when already holding some locks.',
    ],
  ])('%s', async (_, run, message) => {
    const ids = [fresh(), fresh()];
    const { runtimeStatus, output } = await app.run(run, ids.map(entity));
    expect(runtimeStatus).toBe('Failed');
    expect(output).toContain(message);
    // Who failed inside has let go.
    expect(await read(ids[0] ?? '')).toBe(0);
  });
});

describe('a critical section is left', () => {
  test('by finally, where it throws: the answer tells of both', async () => {
    const id = fresh();
    const failed = await app.run(function* (df, to) {
      const lock = yield df.lock(to);
      try {
        yield df.callEntity(to, 'add', 1);
        throw new Error('in the section');
      } finally {
        lock.release();
      }
    }, entity(id));
    expect(failed).toMatchObject({ runtimeStatus: 'Failed' });
    expect(await read(id)).toBe(1);
  });

  test('by who continues as new', async () => {
    const id = fresh();
    const first = await app.start(
      function* (df, { to, round }) {
        if (round > 0) return yield df.waitForExternalEvent('go');
        yield df.lock(to);
        yield df.callEntity(to, 'add', 1);
        const input = df.getInput();
        df.continueAsNew({ ...input, arg: { ...input.arg, round: 1 } });
        return undefined;
      },
      { to: entity(id), round: 0 },
    );
    // The new execution still waits, and holds nothing.
    expect(await read(id)).toBe(1);
    await app.until(first, ({ runtimeStatus }) => runtimeStatus === 'Running');
    await app.client('raiseEvent', first, 'go', 'gone');
    expect((await app.end(first)).output).toBe('gone');
  });
});

const seed = Number(process.env['TIDEWAY_SEED'] ?? 1);

test(`transfers between accounts: nothing is lost or made, and each look sees all of it (TIDEWAY_SEED=${seed})`, async () => {
  const chance = new Chance(seed);
  const accounts = [fresh(), fresh(), fresh()];
  for (const id of accounts) await app.client('signalEntity', entity(id), 'add', 100);
  // Locks are asked for in any order; nobody waits for somebody who waits for him.
  const transfer = function* (df: Df, { ids, from, to, amount }: Df): Generator<Df, unknown, Df> {
    const lock = yield df.lock(...(amount % 2 === 0 ? [...ids].reverse() : ids));
    yield df.callEntity(ids[from], 'add', -amount);
    let sum = 0;
    yield df.callEntity(ids[to], 'add', amount);
    for (const id of ids) sum += yield df.callEntity(id, 'get');
    lock.release();
    return sum;
  };
  const started = await Promise.all(
    Array.from({ length: 8 }, () => {
      const [from, to] = [chance.below(3), chance.below(3)];
      return app.start(transfer, { ids: accounts.map(entity), from, to, amount: 1 + chance.below(50) });
    }),
  );
  const ends = await Promise.all(started.map((id) => app.end(id)));
  expect(ends.map(({ output }) => output)).toEqual(started.map(() => 300));
  const left = await Promise.all(accounts.map(read));
  expect(left.map(Number).reduce((sum, one) => sum + one)).toBe(300);
});
