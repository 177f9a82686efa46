// A proposal that is turned down when it would get its number, though nothing has changed since its plan: the next plan is
// the same one, and without a wait the agent would plan as fast as it can for ever.
import { expect, test } from '@jest/globals';
import { Outbox } from '../../lib/agent/send/outbox.ts';
import type { OutboxOptions } from '../../lib/agent/send/outbox-options.ts';
import { Problems } from '../../lib/agent/problems.ts';
import { Proposals, type ProposalOptions } from '../../lib/agent/send/proposals.ts';
import { Retry } from '../../lib/agent/retry.ts';
import { State } from '../../lib/agent/state/state.ts';
import { silent } from '../../lib/base/log.ts';
import { rootId } from '../../lib/core/node.ts';
import type { Proposal } from '../../lib/core/trees.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

test.each<Proposal>([
  { kind: 'move', node: 'x', parent: rootId, name: 'y' },
  { kind: 'mkdir', node: 'x' },
  { kind: 'delete', node: 'x', base: 1 },
  { kind: 'attributes', node: 'x', base: 1 },
])('$kind', async (proposal) => {
  const ended = new AbortController();
  const { signal } = ended;
  const clock = new VirtualClock();
  const state = new State(':memory:');
  const retry = new Retry({ clock, signal, problems: new Problems(), again: () => {} });
  const released: boolean[] = [];
  state.onChange = (id) => released.push(retry.waits(id));
  const onFatal = (error: unknown): void => {
    throw error;
  };
  const outbox = new Outbox({ state, clock, signal, resendMs: 400 } as unknown as OutboxOptions);
  const options = { state, outbox, retry, signal, log: silent, guard: async () => {}, onProgress: () => {}, onFatal };
  const proposals = new Proposals(options as unknown as ProposalOptions);
  const running = proposals.run();
  proposals.add([proposal]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([proposals.pending, state.busy.has('x'), released]).toEqual([0, false, [true]]);
  ended.abort();
  await running;
  state.close();
});

test('each wait is twice the one before it, so that whoever is turned down waits about as long again as it had to', async () => {
  const ended = new AbortController();
  const { signal } = ended;
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (ms: number) => {
      waits.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const state = new State(':memory:');
  const proposal: Proposal = { kind: 'attributes', node: 'x', base: 1 };
  const enough = Promise.withResolvers<void>();
  const again = (): void => {
    if (waits.length === 15) enough.resolve();
    else proposals.add([proposal]);
  };
  const retry = new Retry({ clock, signal, problems: new Problems(), again });
  const onFatal = (error: unknown): void => enough.reject(error);
  const outbox = new Outbox({ state, clock, signal, resendMs: 400 } as unknown as OutboxOptions);
  const options = { state, outbox, retry, signal, log: silent, guard: async () => {}, onProgress: () => {}, onFatal };
  const proposals = new Proposals(options as unknown as ProposalOptions);
  const running = proposals.run();
  proposals.add([proposal]);
  await enough.promise;
  expect(waits).toEqual(waits.map((_, at) => Math.min(50 * 2 ** at, 300_000)));
  expect(waits.at(-1)).toBe(300_000);
  expect(proposals.counters.discarded).toBe(15);
  ended.abort();
  await running;
  state.close();
});
