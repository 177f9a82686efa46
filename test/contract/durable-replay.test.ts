// oxlint-disable require-yield
// What a replay compares with its history, and the status that an orchestrator sets.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

describe('determinism', () => {
  const failsWith = async (first: (df: Df) => Df, next: (df: Df) => Df): Promise<unknown> => {
    const { output } = await app.run(
      function* (df, { first: a, next: b }) {
        yield df.compile(df.isReplaying || df.state.length > 2 ? b : a)(df);
        return yield df.callActivity('echo', 2);
      },
      { first: first.toString(), next: next.toString() },
    );
    return output;
  };
  const question = 'Was a change made to the orchestrator code after this instance had already started running?';

  test('another activity under the number of one', async () => {
    expect(
      await failsWith(
        (df) => df.callActivity('echo', 1),
        (df) => df.callActivity('say', 1),
      ),
    ).toBe(
      `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence number 0 named 'echo', but the current orchestration replay instead scheduled an activity task named 'say' with this sequence number.  ${question}`,
    );
  });

  test('another kind under the number of an activity', async () => {
    const timer = (df: Df): Df => df.createTimer(new Date(df.currentUtcDateTime.getTime() + 10));
    expect(await failsWith((df) => df.callActivity('echo', 1), timer)).toBe(
      `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence number 0 named 'echo', but the current orchestration replay instead produced a CreateTimerOrchestratorAction action with this sequence number. ${question}`,
    );
  });

  test('nothing under a number that had something', async () => {
    expect(
      await failsWith(
        (df) => df.callActivity('echo', 1),
        (df) => df.waitForExternalEvent('A'),
      ),
    ).toBe(
      `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence ID 0 and name 'echo' (version ''), but the current replay execution hasn't (yet?) scheduled this task. ${question}`,
    );
  });

  test.each([
    ['5', 'number'],
    ['Promise.resolve()', 'object'],
  ])('a yield of %s is refused', async (what, type) => {
    const { output } = await app.run(function* (df, text) {
      yield df.compile(`() => ${text}`)();
    }, what);
    expect(output).toBe(
      `Orchestrator function 'js' failed: Durable Functions programming constraint violation: Orchestration yielded data of type ${type}. Only Task types can be yielded. Please check your yield statements to make sure you only yield Task types resulting from calling Durable Functions APIs.`,
    );
  });

  test('ids made in the orchestrator are the same in each replay', async () => {
    const output = await app.result(function* (df) {
      const ids = [df.newGuid('a')];
      yield df.callActivity('echo', ids[0]);
      ids.push(df.newGuid('a'));
      const sent = yield df.callActivity('echo', ids[1]);
      return { ids, sent };
    });
    const { ids, sent } = output as { ids: string[]; sent: string };
    expect(sent).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('custom status', () => {
  test('is that of the last turn, and gone where that has none', async () => {
    const id = await app.start(function* (df) {
      df.setCustomStatus({ step: 1 });
      yield df.waitForExternalEvent('go');
      df.setCustomStatus(null);
      yield df.waitForExternalEvent('end');
    });
    await app.until(id, ({ customStatus }) => JSON.stringify(customStatus) === '{"step":1}');
    await app.client('raiseEvent', id, 'go', 1);
    await app.until(id, ({ customStatus }) => customStatus === null);
    await app.client('raiseEvent', id, 'end', 1);
    await app.end(id);
  });

  test('is kept when the orchestrator throws', async () => {
    const { customStatus } = await app.run(function* (df) {
      df.setCustomStatus('as far as this');
      throw new Error('no');
    });
    expect(customStatus).toBe('as far as this');
  });

  test('has 16 KB of UTF-16', async () => {
    const run = function* (df: Df, n: number): Generator<Df, unknown, Df> {
      df.setCustomStatus('x'.repeat(n));
      return 'ok';
    };
    expect((await app.run(run, 8_000)).output).toBe('ok');
    expect((await app.run(run, 16_000)).output).toBe(
      "Orchestrator function 'js' failed: The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is 31 KB.",
    );
  });
});
