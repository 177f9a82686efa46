// oxlint-disable require-yield
// What goes into activities and comes out of them, how many run at once, and what a crash of their process does.
import { describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Df, DurableApp, script, startDurableHost, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

describe('the input of an activity', () => {
  test.each([
    ['an object', { a: 1, b: { c: [2] } }, { a: 1, b: { c: [2] } }, 'object'],
    ['a text', 'x "y"', 'x "y"', 'string'],
    ['a number', 0, 0, 'number'],
    ['true, of which .NET makes a text', true, 'True', 'string'],
    ['false, of which .NET makes a text', false, 'False', 'string'],
    ['an array', [1, 'two'], [1, 'two'], 'object'],
  ])('is %s', async (_, given, input, type) => {
    const output = await app.result(function* (df, value) {
      return yield df.callActivity('seen', value);
    }, given);
    expect(output).toMatchObject({ input, type, metadata: { data: given } });
  });

  test('is a date as its text', async () => {
    const output = await app.result(function* (df) {
      return yield df.callActivity('seen', new Date('2026-01-02T03:04:05.678Z'));
    });
    expect(output).toMatchObject({ input: '2026-01-02T03:04:05.678Z', type: 'string' });
  });

  test('is missing where there is none, and so is all metadata but the instance', async () => {
    const { output, instanceId } = await app.run(function* (df) {
      return [yield df.callActivity('seen'), yield df.callActivity('seen', null)];
    });
    const nothing = { input: null, type: 'none', metadata: { instanceId } };
    expect(output).toEqual([nothing, nothing]);
  });

  test('gives its properties as metadata', async () => {
    const { output, instanceId } = await app.run(function* (df) {
      return yield df.callActivity('seen', { color: 'red', list: [1] });
    });
    const { metadata } = output as { metadata: Record<string, unknown> };
    expect(metadata).toMatchObject({ instanceId, color: 'red', data: { color: 'red', list: [1] } });
    expect(Object.keys(metadata).filter((key) => key.startsWith('activityTrigger'))).toHaveLength(1);
    expect('list' in metadata).toBe(false);
  });
});

describe('the result of an activity', () => {
  test.each([
    ['undefined', null],
    ['null', null],
    ['() => 1', null],
    ["Symbol('x')", null],
    ['true', true],
    ['NaN', 'NaN'],
    ['-Infinity', '-Infinity'],
    ['1.5', 1.5],
    ['-0', 0],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ["Buffer.from('abc')", 'YWJj'],
    ['new Uint8Array([1, 2])', 'AQI='],
    ['new Map([[1, 2]])', {}],
    ['({ a: [undefined, () => 1], b: undefined })', { a: [null, null] }],
    ["'5'", '5'],
    ['\'{"a":1}\'', '{"a":1}'],
  ])('%s is %p', async (source, wanted) => {
    const output = await app.result(function* (df, code) {
      return yield df.callActivity('run', { code });
    }, `function () { return ${source}; }`);
    expect(output).toEqual(wanted);
  });

  test.each(['1.5e300', '12345678901234567890'])('%s is the largest number of 64 bits', async (source) => {
    const output = await app.result(function* (df, code) {
      yield df.callActivity('run', { code });
      return df.state.find((event: Df) => event.EventType === 5).Result;
    }, `function () { return ${source}; }`);
    expect(output).toBe('9223372036854775807');
  });

  test.each(['10n', '(() => { const a = {}; a.a = a; return a; })()'])(
    '%s fails in the library’s words',
    async (source) => {
      const { output } = await app.run(function* (df, code) {
        return yield df.callActivity('run', { code });
      }, `function () { return ${source}; }`);
      expect(output).toMatch(/^Orchestrator function 'js' failed: Activity function 'run' failed: {2}\S/);
    },
  );

  test('is 300 kB where it is', async () => {
    const output = await app.result(function* (df, code) {
      return (yield df.callActivity('run', { code })).length;
    }, "function () { return 'x'.repeat(300000); }");
    expect(output).toBe(300_000);
  });
});

describe('a result that is no JSON', () => {
  test.each([
    ['a BigInt', '() => 1n', /BigInt/],
    ['a circle', '() => { const a = {}; a.a = a; return a; }', /circular/],
  ])('fails with the words of who writes it: %s', async (_, code, words) => {
    const message = await app.result(
      function* (df, activity) {
        try {
          return yield df.callActivity('run', activity);
        } catch (error) {
          return (error as Error).message;
        }
      },
      { code },
    );
    expect(message).toMatch(/^Activity function 'run' failed: /);
    expect(message).toMatch(words);
  });
});

describe('what an activity throws', () => {
  test.each([
    ["'str'", 'str'],
    ['{ a: 1 }', '{"a":1}'],
    ["new Error('')", ''],
    ["new Error('two\\nlines')", 'two\nlines'],
    [`new Error('{"errorType": no JSON')`, '{"errorType": no JSON'],
    ["Object.assign(new TypeError('x'), { code: 5 })", 'x'],
  ])('%s', async (source, message) => {
    const output = await app.result(function* (df, code) {
      try {
        yield df.callActivity('run', { code });
        return undefined;
      } catch {
        return df.state.find((event: Df) => event.EventType === 6).Reason;
      }
    }, `function () { throw ${source}; }`);
    expect(output).toBe(`Activity function 'run' failed:  ${message}`);
  });

  test.each(['undefined', 'null'])(
    '%s is a failure, which Microsoft’s extension takes for a result',
    async (source) => {
      const output = await app.result(function* (df, code) {
        try {
          return yield df.callActivity('run', { code });
        } catch {
          return df.state.find((event: Df) => event.EventType === 6).Reason;
        }
      }, `function () { throw ${source}; }`);
      expect(output).toBe("Activity function 'run' failed:  Unknown error");
    },
  );
});

test('an exception that the app describes comes with its description', async () => {
  const output = await app.result(function* (df, code) {
    try {
      yield df.callActivity('run', { code });
      return undefined;
    } catch (error) {
      const { name, message, failureDetails } = error as Df;
      const { errorType, errorMessage, properties, isNonRetriable } = failureDetails;
      return { name, message, errorType, errorMessage, properties, isNonRetriable };
    }
  }, "function () { throw Object.assign(new TypeError('odd'), { described: [1] }); }");
  expect(output).toEqual({
    name: 'TaskFailedError',
    message: 'TypeError: odd',
    errorType: 'TypeError',
    errorMessage: 'odd',
    properties: { described: [1] },
    isNonRetriable: false,
  });
});

test('at most 20 run at a time on two cores, or as many as host.json says', async () => {
  const own = await startDurableHost({
    hostJson: { version: '2.0', extensions: { durableTask: { maxConcurrentActivityFunctions: 3 } } },
  });
  try {
    const most = await new DurableApp(own).result(
      function* (df, code) {
        const all: number[] = yield df.Task.all(Array.from({ length: 10 }, () => df.callActivity('run', { code })));
        return Math.max(...all);
      },
      `async function () {
      globalThis.running = (globalThis.running ?? 0) + 1;
      globalThis.peak = Math.max(globalThis.peak ?? 0, globalThis.running);
      // Each waits until so many were seen at once: a slow machine changes nothing.
      while (globalThis.peak < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.running--;
      return globalThis.peak;
    }`,
    );
    expect(most).toBe(3);
  } finally {
    await own.stop();
  }
});

describe('a crash of the worker', () => {
  test('fails the activities that ran in it, and what waits goes on', async () => {
    const own = await startDurableHost();
    try {
      const mine = new DurableApp(own);
      const waiting = await mine.start(function* (df) {
        return yield df.waitForExternalEvent('go');
      });
      await mine.until(waiting, ({ runtimeStatus }) => runtimeStatus === 'Running');
      const output = await mine.result(function* (df, code) {
        try {
          yield df.callActivity('run', { code });
          return undefined;
        } catch (error) {
          return (error as Error).message;
        }
      }, 'function () { setImmediate(() => { throw new Error("unhandled"); }); return new Promise(() => {}); }');
      expect(output).toMatch(
        /^Activity function 'run' failed: node exited with code 1 \n \{"\$type":".*WorkerProcessExitException/,
      );
      await mine.client('raiseEvent', waiting, 'go', 1);
      expect((await mine.end(waiting)).output).toBe(1);
    } finally {
      await own.stop();
    }
  });

  test('fails the orchestrators that were being replayed in it, which can be rewound', async () => {
    const own = await startDurableHost();
    try {
      const mine = new DurableApp(own);
      const marker = join(mkdtempSync(join(tmpdir(), 'durable-')), 'crashed');
      const run = function* (df: Df, file: string): Generator<Df, unknown, Df> {
        const { existsSync, writeFileSync } = df.compile("() => process.getBuiltinModule('fs')")();
        const slow = df.callActivity('run', { code: "() => new Promise((done) => setTimeout(done, 50, 'slow'))" });
        const all = df.Task.all([slow, df.callActivity('echo', 1)]);
        if (df.state.length > 2 && !existsSync(file)) {
          writeFileSync(file, '');
          df.compile('() => process.exit(1)')();
        }
        return yield all;
      };
      // Not through a function of the app: that would end with the process as well.
      const body = JSON.stringify(script(run, marker));
      await mine.http('POST', 'orchestrators/js/crashing', { body });
      const { runtimeStatus, output } = await mine.end('crashing');
      expect([runtimeStatus, output]).toEqual([
        'Failed',
        "Orchestrator function 'js' failed: One or more errors occurred. (node exited with code 1)",
      ]);
      // The activity that the crash took along may tell of it before or after the rewind: then it takes another one.
      for (;;) {
        await mine.client('rewind', 'crashing', 'again');
        const after = await mine.until('crashing', (status) => ['Completed', 'Failed'].includes(status.runtimeStatus));
        if (after.runtimeStatus === 'Failed') continue;
        expect(after.output).toEqual(['slow', 1]);
        break;
      }
    } finally {
      await own.stop();
    }
  });
});

test('an orchestration of too many actions fails in the extension’s words', async () => {
  const own = await startDurableHost({
    hostJson: { version: '2.0', extensions: { durableTask: { maxOrchestrationActions: 3 } } },
  });
  try {
    const { output } = await new DurableApp(own).run(function* (df) {
      yield df.Task.all([1, 2, 3, 4].map((n) => df.callActivity('echo', n)));
    });
    expect(output).toContain('Maximum amount of orchestration actions (3) has been reached.');
  } finally {
    await own.stop();
  }
});

test('a sub-orchestration’s id may be used again, also while the first still runs', async () => {
  const output = await app.result(
    function* (df, child) {
      const id = `${df.instanceId}-shared`;
      const one = (n: number): Df => df.callSubOrchestrator('sub', { ...child, arg: n }, id);
      const both = yield df.Task.all([one(1), one(2)]);
      return [both, yield one(3)];
    },
    script(function* (df: Df, n: number): Generator<Df, unknown, Df> {
      yield df.callActivity('echo', n);
      return n;
    }),
  );
  expect(output).toEqual([[1, 2], 3]);
});
