import { beforeEach, describe, expect, test } from '@jest/globals';
import { silent } from '../../../lib/base/log.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import { HostLog } from '../../../lib/local/functions-host/host-log.ts';
import { Invoker, type InvokerOptions } from '../../../lib/local/functions-host/invoker.ts';
import { retryPolicy } from '../../../lib/local/functions-host/retry-policy.ts';
import type { InvocationRequest, InvocationResponse, RetryOptions } from '../../../lib/local/functions-host/rpc.ts';
import { FunctionError } from '../../../lib/local/functions-host/worker-process.ts';
import { FakeClock, settle } from './fake-clock.ts';

const invocation = { input: { string: 'in' }, metadata: { Key: { string: 'value' } }, reason: 'a test' };
const fixed: RetryOptions = { retryStrategy: 'fixedDelay', maxRetryCount: 2, delayInterval: { seconds: 3 } };

let clock: FakeClock;
let lines: string[];
let requests: InvocationRequest[];
let killed: number;

beforeEach(() => {
  clock = new FakeClock(0);
  lines = [];
  requests = [];
  killed = 0;
});

const definition = (retry?: RetryOptions) => ({
  name: 'f',
  trigger: { name: 'trigger', type: 'x' },
  inputs: [],
  outputs: [],
  retry,
});

function invoker(
  answer: (attempt: number) => Promise<InvocationResponse>,
  more: Partial<InvokerOptions> = {},
): Invoker {
  const record = (_: string, fields?: Readonly<Record<string, unknown>>): void =>
    void lines.push(String(fields?.['message']));
  return new Invoker({
    clock,
    random: seededRandom(1),
    log: new HostLog({ ...silent, info: record, warn: record, error: record }),
    timeoutMs: Infinity,
    retry: undefined,
    worker: {
      invoke(request) {
        requests.push(request);
        return answer(requests.length);
      },
      kill: () => killed++,
    },
    inputs: () => Promise.resolve([]),
    outputs: () => Promise.resolve(),
    ...more,
  });
}

const ok = { outputData: [] };
const fail = (text: string): Promise<never> =>
  Promise.reject(new FunctionError({ message: text, stackTrace: `Error: ${text}\n    at f`, source: '' }));

describe('an invocation', () => {
  test('carries the input under the name of the trigger, and an empty trace context', async () => {
    await invoker(() => Promise.resolve(ok)).invoke(definition(), invocation);
    expect(requests[0]).toEqual({
      invocationId: expect.stringMatching(/^[-0-9a-f]{36}$/) as unknown,
      functionId: 'f',
      inputData: [{ name: 'trigger', data: { string: 'in' } }],
      triggerMetadata: { Key: { string: 'value' } },
      traceContext: { traceParent: '', traceState: '' },
      retryContext: undefined,
    });
  });

  test('fails when one of its outputs does', async () => {
    const failing = invoker(() => Promise.resolve(ok), { outputs: () => Promise.reject(new Error('nobody takes it')) });
    await expect(failing.invoke(definition(), invocation)).rejects.toThrow('nobody takes it');
    expect(failing.counters).toMatchObject({ failed: 1, succeeded: 0, outstanding: 0 });
  });

  test('over its time takes the process with it, and says so', async () => {
    const dying = Promise.withResolvers<InvocationResponse>();
    const limited = invoker(() => dying.promise, { timeoutMs: 60_000 });
    const outcome = limited.invoke(definition(), invocation).catch((error: unknown) => error);
    await clock.advance(59_999);
    expect(killed).toBe(0);
    await clock.advance(1);
    expect(killed).toBe(1);
    dying.reject(new Error('node exited with code 137'));
    expect(String(await outcome)).toContain('Timeout value of 00:01:00 exceeded by function');
    expect(clock.sleepers).toBe(0);
  });

  test('within its time leaves no timer behind', async () => {
    await invoker(() => Promise.resolve(ok), { timeoutMs: 60_000 }).invoke(definition(), invocation);
    expect(clock.sleepers).toBe(0);
  });
});

describe('retries', () => {
  test('all attempts share the id; each knows its number and the failure before', async () => {
    const retrying = invoker((attempt) => (attempt < 3 ? fail(`attempt ${attempt}`) : Promise.resolve(ok)));
    const done = retrying.invoke(definition(fixed), invocation);
    await settle();
    expect(retrying.counters).toMatchObject({ outstanding: 1, outstandingRetries: 1 });
    await clock.advance(2_999);
    expect(requests).toHaveLength(1);
    await clock.advance(3_001);
    await done;
    expect(new Set(requests.map(({ invocationId }) => invocationId)).size).toBe(1);
    expect(
      requests.map(({ retryContext }) => [
        retryContext?.retryCount,
        retryContext?.maxRetryCount,
        retryContext?.exception?.message,
      ]),
    ).toEqual([
      [0, 2, undefined],
      [1, 2, 'attempt 1'],
      [2, 2, 'attempt 2'],
    ]);
    expect(requests[1]?.retryContext?.exception).toMatchObject({ isUserException: false, source: '' });
  });

  test('the last failure is the outcome', async () => {
    const retrying = invoker((attempt) => fail(`attempt ${attempt}`));
    const outcome = retrying.invoke(definition(fixed), invocation).catch((error: unknown) => error);
    await clock.advance(6_000);
    expect(String(await outcome)).toContain('attempt 3');
    expect(lines).toContain("Function execution failed after '2' retries.");
    expect(lines.filter((line) => line.startsWith('Executed'))).toHaveLength(1);
  });

  test('a policy of host.json is for whoever has none', async () => {
    const retrying = invoker((attempt) => (attempt < 2 ? fail('once') : Promise.resolve(ok)), { retry: fixed });
    const done = retrying.invoke(definition(), invocation);
    await clock.advance(3_000);
    await done;
    expect(requests[0]?.retryContext).toEqual({ retryCount: 0, maxRetryCount: 2 });
  });

  test('end with the failure they have when the host stops', async () => {
    const retrying = invoker(() => fail('so far'));
    const outcome = retrying.invoke(definition(fixed), invocation).catch((error: unknown) => error);
    await settle();
    retrying.endRetries();
    expect(String(await outcome)).toContain('so far');
    expect(retrying.counters).toMatchObject({ outstanding: 0, outstandingRetries: 0, failed: 1 });
  });

  test('-1 is for ever', async () => {
    const retrying = invoker((attempt) => (attempt < 50 ? fail('again') : Promise.resolve(ok)));
    const done = retrying.invoke(definition({ ...fixed, maxRetryCount: -1 }), invocation);
    await clock.advance(3_000 * 50);
    await done;
    expect(requests).toHaveLength(50);
  });

  test('exponential: from the minimum, growing, randomised, at most the maximum', () => {
    const options = {
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 9,
      minimumInterval: { seconds: 2 },
      maximumInterval: { seconds: 60 },
    };
    const delays = (seed: number) => {
      const policy = retryPolicy(options, seededRandom(seed));
      return [1, 2, 3, 4, 8, 100].map((count) => policy.delay(count));
    };
    const [first, second = 0, third = 0, fourth = 0, ...late] = delays(1);
    expect(first).toBe(2_000);
    expect(second).toBeGreaterThan(2_000);
    expect(third).toBeGreaterThan(second);
    expect(fourth).toBeGreaterThan(third);
    expect(late).toEqual([60_000, 60_000]);
    expect(delays(2)[1]).not.toBe(second);
  });
});
