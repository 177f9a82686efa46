import { beforeEach, describe, expect, test } from '@jest/globals';
import { Faults } from '../../../lib/local/faults.ts';
import type { InvocationRequest } from '../../../lib/local/functions-host/rpc.ts';
import { spoiled } from '../../../lib/local/functions-host/spoiled.ts';
import { FakeClock, settle } from './fake-clock.ts';

const request: InvocationRequest = {
  invocationId: 'first',
  functionId: 'commit',
  inputData: [],
  triggerMetadata: {},
  traceContext: { traceParent: '', traceState: '' },
};
let ran: string[];
let killed: string[];
let clock: FakeClock;
let faults: Faults;

beforeEach(() => {
  [ran, killed] = [[], []];
  clock = new FakeClock(0);
  faults = new Faults({ crash: (process) => killed.push(process) });
});

const invoke = (): Promise<unknown> =>
  spoiled(
    {
      async invoke({ invocationId }) {
        ran.push(invocationId);
        await clock.sleep(10);
        return { outputData: [] };
      },
      kill: (id) => killed.push(id),
    },
    faults,
    clock,
  )
    .invoke(request)
    .then(
      () => 'done',
      () => 'failed',
    );

describe('an invocation', () => {
  test.each([
    ['before it runs', 'before', []],
    ['after it ran', 'after', ['first']],
  ] as const)('that fails %s', async (_, when, expected) => {
    faults.add(/^INVOKE commit$/, { kind: 'status', status: 0, code: 'Refused', when });
    const outcome = invoke();
    await clock.advance(10);
    expect([await outcome, ran, killed]).toEqual(['failed', expected, []]);
  });

  test('whose process is killed when it has run', async () => {
    faults.add(/^INVOKE /, { kind: 'crash', process: 'functions', when: 'after' });
    const outcome = invoke();
    await settle();
    expect(killed).toEqual([]);
    await clock.advance(10);
    expect([await outcome, killed]).toEqual(['failed', ['functions']]);
  });

  test('that runs twice at once, under two ids', async () => {
    faults.add(/^INVOKE /, { kind: 'duplicate' });
    const outcome = invoke();
    await settle();
    expect(ran).toEqual(['first', expect.stringMatching(/^[-0-9a-f]{36}$/)]);
    await clock.advance(10);
    expect(await outcome).toBe('done');
  });

  test('that comes late', async () => {
    faults.add(/^INVOKE /, { kind: 'delay', ms: 50 });
    const outcome = invoke();
    await clock.advance(49);
    expect(ran).toEqual([]);
    await clock.advance(11);
    expect([await outcome, ran]).toEqual(['done', ['first']]);
  });
});
