// How operations are put into messages: no message is larger than a service takes, and a flood goes in few of them.
import { expect, test } from '@jest/globals';
import { Outbox } from '../../../lib/agent/send/outbox.ts';
import type { OutboxOptions } from '../../../lib/agent/send/outbox-options.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { rootId } from '../../../lib/core/node.ts';
import {
  makeSigningKeys,
  maxBatch,
  maxBatchBytes,
  parseEnvelope,
  parsePayload,
  type Batch,
  type Envelope,
} from '../../../lib/protocol/message.ts';
import type { Operation } from '../../../lib/protocol/operation.ts';

/** Azure's limit for a message of the standard tier, with its properties. */
const serviceBytes = 256 * 1024;

const { privateKey } = makeSigningKeys();

interface Sent {
  readonly bytes: number;
  readonly batch: Batch;
}

/** The messages that these operations go out in, and come back of, until there is none left. */
async function sentFor(operations: readonly Operation[]): Promise<readonly Sent[]> {
  const ended = new AbortController();
  const { signal } = ended;
  const state = new State(':memory:');
  state.now(() => state.meta.set({ endpoint: 'paris', incarnation: 1 }));
  const sent: Sent[] = [];
  const backend = {
    send: async (envelope: Envelope) => {
      const body = JSON.stringify(envelope);
      const batch = parsePayload(parseEnvelope(JSON.parse(body))?.payload ?? '') as Batch;
      sent.push({ bytes: Buffer.byteLength(body), batch });
      await new Promise((resolve) => setImmediate(resolve));
      for (const index of batch.operations.keys()) state.now(() => outbox.close(batch.from + index));
      outbox.wake();
    },
  };
  const online = { call: (_name: string, work: () => unknown) => work() };
  // Nothing is lost here, so nothing is sent again.
  const clock = { now: () => 0, monotonic: () => 0, sleep: () => new Promise<void>(() => {}) };
  const options = {
    state,
    backend,
    online,
    clock,
    signal,
    privateKey,
    group: 'g',
    resendMs: 60_000,
    more: () => false,
  };
  const outbox = new Outbox(options as unknown as OutboxOptions);
  await Promise.all(operations.map((operation) => outbox.append(() => operation)));
  const running = outbox.run();
  while (outbox.open > 0) await Promise.race([new Promise((resolve) => setImmediate(resolve)), running]);
  ended.abort();
  return sent;
}

function creates(count: number, nameOf: (n: number) => string): readonly Operation[] {
  return Array.from({ length: count }, (_, n): Operation => {
    const node = `paris-1-${n}`;
    const content = { slot: `s-${n}`, hash: 'a'.repeat(64), size: 4096, etag: `"${n}"`, whole: true };
    return {
      kind: 'create',
      node,
      parent: rootId,
      name: nameOf(n),
      content,
      mtime: '1700000000000000000',
      mode: 0o644,
    };
  });
}

test.each([
  ['plain names', (n: number) => `file-${n}.txt`],
  ['long names', (n: number) => `${n}-${'x'.repeat(240)}`],
  ['nothing but quotes', (n: number) => `${n}-${'"'.repeat(240)}`],
  ['nothing but control characters', (n: number) => `${n}-${'\u0001'.repeat(240)}`],
  ['four bytes a character', (n: number) => `${n}-${'\u{1F600}'.repeat(60)}`],
])('2,000 new files with %s', async (_, nameOf) => {
  const operations = creates(2000, nameOf);
  const sent = await sentFor(operations);
  expect(sent.flatMap(({ batch }) => batch.operations)).toEqual(operations);
  for (const { bytes, batch } of sent) {
    expect(bytes).toBeLessThan(serviceBytes);
    expect(batch.operations.length).toBeLessThanOrEqual(maxBatch);
  }
  // All but the last are full, of operations or of bytes.
  for (const { bytes, batch } of sent.slice(0, -1))
    expect(batch.operations.length === maxBatch || bytes > 0.95 * maxBatchBytes).toBe(true);
});

test('files with a thousand holes each', async () => {
  const holes = Array.from({ length: 1000 }, (_, n): [number, number] => [2 ** 41 + 2 * n, 2 ** 41 + 2 * n + 1]);
  const operations = creates(20, (n) => `${n}`).map((each) =>
    'content' in each ? { ...each, content: { ...each.content, holes } } : each,
  );
  const sent = await sentFor(operations);
  expect(sent.flatMap(({ batch }) => batch.operations)).toEqual(operations);
  for (const { bytes } of sent) expect(bytes).toBeLessThan(serviceBytes);
});
