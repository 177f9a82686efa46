import { beforeEach, describe, expect, test } from '@jest/globals';
import { BatchListener } from '../../../lib/local/functions-host/service-bus/batches.ts';
import {
  manyInput,
  manyMetadata,
  oneInput,
  oneMetadata,
} from '../../../lib/local/functions-host/service-bus/metadata.ts';
import { MessagesListener } from '../../../lib/local/functions-host/service-bus/messages-listener.ts';
import { toMessages } from '../../../lib/local/functions-host/service-bus/sender.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { bench, long, message } from './fake-service-bus.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock('2026-01-01T00:00:00Z');
});

describe('without sessions', () => {
  test('so many at a time as host.json says, with renewed locks', async () => {
    const { trigger, source } = bench(clock, {
      serviceBus: { maxConcurrentCalls: 5, maxAutoLockRenewalDuration: '00:02:00' },
    });
    const listener = new MessagesListener(trigger);
    await listener.start();
    expect(source.single.options).toEqual({ maxConcurrentCalls: 5, autoCompleteMessages: false });
    expect(source.renewMs).toBe(120_000);
    await source.single.deliver(message('1'));
    expect(source.single.settled).toEqual(['complete m-1']);
    await listener.stop();
    expect(source.closed).toBe(true);
  });

  test('what is fetched ahead waits its turn, locked, and goes back when the host stops', async () => {
    const { trigger, source, invoked } = bench(clock, {
      serviceBus: { maxConcurrentCalls: 1, prefetchCount: 2 },
      run: () => clock.sleep(10),
    });
    const listener = new MessagesListener(trigger);
    await listener.start();
    expect(source.single.options.maxConcurrentCalls).toBe(3);
    for (const body of ['1', '2', '3']) void source.single.deliver(message(body));
    await clock.advance(15);
    expect(invoked.map(({ input }) => input.string)).toEqual(['1', '2']);
    const stopped = listener.stop();
    await clock.advance(15);
    await stopped;
    expect(source.single.settled).toEqual(['complete m-1', 'complete m-2']);
    expect(invoked).toHaveLength(2);
  });

  test('the default is 16 a core', () => {
    expect(bench(clock).trigger.settings.maxConcurrentCalls).toBe(32);
  });

  test('stopping waits for what runs', async () => {
    const { trigger, source } = bench(clock, { run: () => clock.sleep(1_000) });
    const listener = new MessagesListener(trigger);
    await listener.start();
    void source.single.deliver(message('1'));
    const stopped = listener.stop();
    await clock.advance(999);
    expect(source.closed).toBe(false);
    await clock.advance(1);
    await stopped;
    expect(source.single.settled).toEqual(['complete m-1']);
  });
});

describe('batches', () => {
  test('one invocation at a time; a failure abandons all of it', async () => {
    let running = 0;
    let most = 0;
    const { trigger, source, invoked } = bench(clock, {
      async run(body) {
        most = Math.max(most, ++running);
        await clock.sleep(10);
        running--;
        if (body.includes('2')) throw new Error('no');
      },
    });
    const listener = new BatchListener(trigger);
    await listener.start();
    source.single.batch([message('1')]);
    source.single.batch([message('2'), message('3')]);
    await clock.advance(30);
    expect(invoked.map(({ input }) => input.json)).toEqual(['[1]', '[2,3]']);
    expect(source.single.settled).toEqual(['complete m-1', 'abandon m-2', 'abandon m-3']);
    expect(most).toBe(1);
    expect(source.renewMs).toBe(0);
    await listener.stop();
  });

  test('one body that is no JSON fails its batch before the function sees it', async () => {
    const { trigger, source, invoked } = bench(clock);
    const listener = new BatchListener(trigger);
    await listener.start();
    source.single.batch([message('1'), message('plain text')]);
    await settle();
    expect(invoked).toEqual([]);
    expect(source.single.settled).toEqual(['abandon m-1', 'abandon m-plain text']);
    await listener.stop();
  });
});

describe('what the function gets', () => {
  const full = message(
    '{"group":"a","to":"elsewhere","n":5,"at":"2026-01-01T00:00:00Z","list":[1],"deep":{"x":1},"yes":true,"no":null}',
    {
      messageId: 'id',
      deliveryCount: 1,
      sequenceNumber: long(7),
      subject: 'about',
      to: 'paris',
      sessionId: 'group-a',
      applicationProperties: { Upper: 1 },
    },
  );

  test('one message: keys and encodings of the extension, then the properties of the body, which win', () => {
    expect(oneInput(full, undefined)).toEqual({ string: (full.body as Buffer).toString() });
    expect(oneInput(full, 'binary')).toEqual({ bytes: full.body as Buffer });
    expect(oneMetadata(full)).toEqual({
      MessageId: { string: 'id' },
      LockToken: { string: 'lock' },
      Subject: { string: 'about' },
      Label: { string: 'about' },
      SessionId: { string: 'group-a' },
      DeliveryCount: { json: '2' },
      SequenceNumber: { json: '7' },
      EnqueuedTimeUtc: { json: '"2026-01-02T03:04:05.678"' },
      EnqueuedTime: { json: '"2026-01-02T03:04:05.678+00:00"' },
      ExpiresAtUtc: { json: '"2026-01-03T03:04:05.678"' },
      ExpiresAt: { json: '"2026-01-03T03:04:05.678+00:00"' },
      ApplicationProperties: { json: '{"Upper":1}' },
      UserProperties: { json: '{"Upper":1}' },
      MessageReceiver: { json: '{}' },
      MessageSession: { json: '{}' },
      MessageActions: { json: '{}' },
      SessionActions: { json: '{}' },
      ReceiveActions: { json: '{}' },
      Client: { json: '{}' },
      group: { string: 'a' },
      to: { string: 'elsewhere' },
      n: { string: '5' },
      at: { string: '01/01/2026 00:00:00' },
      deep: { json: '{"x":1}' },
      yes: { string: 'True' },
    });
  });

  test('a text that is no JSON adds nothing', () => {
    const plain = message('hello');
    expect(oneInput(plain, undefined)).toEqual({ string: 'hello' });
    expect(Object.keys(oneMetadata(plain))).not.toContain('hello');
  });

  test('many messages: texts come without their gaps', () => {
    const messages = [
      message('1', { subject: 'a' }),
      message('2'),
      message('3', { subject: '' }),
      message('4', { subject: 'd' }),
    ];
    const metadata = manyMetadata(messages);
    expect(metadata['SubjectArray']).toEqual({ collectionString: { string: ['a', 'd'] } });
    expect(metadata['MessageIdArray']).toEqual({ collectionString: { string: ['m-1', 'm-2', 'm-3', 'm-4'] } });
    expect(metadata['DeliveryCountArray']).toEqual({ json: '[1,1,1,1]' });
    expect(metadata['SequenceNumberArray']?.collectionSint64?.sint64).toHaveLength(4);
    expect(metadata['CorrelationIdArray']).toBeUndefined();
    expect(JSON.parse(metadata['EnqueuedTimeUtcArray']?.json ?? '')).toHaveLength(4);
  });

  test('many bodies by data type', () => {
    const messages = [message('{"a":1}'), message(''), message('2')];
    expect(manyInput(messages, 'string')).toEqual({ collectionString: { string: ['{"a":1}', '2'] } });
    expect(manyInput(messages, 'binary').collectionBytes?.bytes.map(String)).toEqual(['{"a":1}', '', '2']);
    expect(manyInput([message('{"a":1}'), message('2')], undefined)).toEqual({ json: '[{"a":1},2]' });
    expect(() => manyInput(messages, undefined)).toThrow(SyntaxError);
  });
});

describe('what an output binding sends', () => {
  const texts = (data: Parameters<typeof toMessages>[0]): string[] => toMessages(data).map(({ body }) => String(body));
  test.each([
    ['a text', { string: 'plain' }, ['plain']],
    ['an object', { json: '{"a":1}' }, ['{"a":1}']],
    ['an array is one message an element', { json: '[{"a":1},"b",3]' }, ['{"a":1}', 'b', '3']],
    ['bytes', { bytes: Buffer.from('x') }, ['x']],
    ['a number', { int: 5 }, ['5']],
    ['an empty array', { json: '[]' }, []],
  ])('%s', (_, data, expected) => {
    expect(texts(data)).toEqual(expected);
  });
});
