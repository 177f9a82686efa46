import { beforeEach, describe, expect, test } from '@jest/globals';
import { serveBatches } from '../../../lib/local/functions-host/service-bus/batches.ts';
import { serveSession } from '../../../lib/local/functions-host/service-bus/serve-session.ts';
import { SessionsListener } from '../../../lib/local/functions-host/service-bus/sessions-listener.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { FakeReceiver, bench, message } from './fake-service-bus.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock('2026-01-01T00:00:00Z');
});
const never = new AbortController().signal;

describe('serving a session', () => {
  test('each message runs the function and is completed; after the idle time the session is given back', async () => {
    const { trigger, invoked } = bench(clock, { serviceBus: { sessionIdleTimeout: '00:00:01' } });
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, never);
    await receiver.deliver(message('1'));
    await clock.advance(900);
    await receiver.deliver(message('2'));
    await clock.advance(999);
    expect(receiver.closed).toBe(false);
    await clock.advance(1);
    await served;
    expect(invoked.map(({ input }) => input)).toEqual([{ string: '1' }, { string: '2' }]);
    expect(receiver.settled).toEqual(['complete m-1', 'complete m-2']);
    expect(receiver.closed).toBe(true);
    expect(receiver.options).toEqual({ maxConcurrentCalls: 1, autoCompleteMessages: false });
    expect(clock.sleepers).toBe(0);
  });

  test('a session is not idle while its function runs', async () => {
    const { trigger } = bench(clock, {
      serviceBus: { sessionIdleTimeout: '00:00:01' },
      run: () => clock.sleep(10_000),
    });
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, never);
    const handled = receiver.deliver(message('1'));
    await clock.advance(10_500);
    await handled;
    expect(receiver.closed).toBe(false);
    await clock.advance(1_000);
    await served;
    expect(receiver.settled).toEqual(['complete m-1']);
  });

  test('a failure abandons the message, and the session goes on', async () => {
    const { trigger } = bench(clock, {
      run: (body) => (body === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve()),
    });
    const receiver = new FakeReceiver(clock);
    void serveSession(receiver, trigger, never);
    await receiver.deliver(message('bad'));
    await receiver.deliver(message('good'));
    expect(receiver.settled).toEqual(['abandon m-bad', 'complete m-good']);
    expect(receiver.closed).toBe(false);
  });

  test('without auto-complete the function settles, a failure is still abandoned', async () => {
    const run = (body: string) => (body === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve());
    const { trigger } = bench(clock, { serviceBus: { autoCompleteMessages: false }, run });
    const receiver = new FakeReceiver(clock);
    void serveSession(receiver, trigger, never);
    await receiver.deliver(message('good'));
    await receiver.deliver(message('bad'));
    expect(receiver.settled).toEqual(['abandon m-bad']);
  });

  test('a message that could not be settled is reported, and does not end anything', async () => {
    const { trigger, warnings } = bench(clock);
    const receiver = new FakeReceiver(clock);
    receiver.failSettle = new Error('The lock was lost');
    void serveSession(receiver, trigger, never);
    await receiver.deliver(message('1'));
    expect(warnings).toEqual(['f: complete failed; the message will come again: The lock was lost']);
  });

  test('the lock is renewed at half time, idle or busy', async () => {
    const { trigger } = bench(clock, {
      serviceBus: { sessionIdleTimeout: '00:02:00' },
      run: () => clock.sleep(100_000),
    });
    const receiver = new FakeReceiver(clock);
    void serveSession(receiver, trigger, never);
    await clock.advance(35_000);
    void receiver.deliver(message('1'));
    await clock.advance(60_000);
    const start = Date.parse('2026-01-01T00:00:00Z');
    expect(receiver.renewals.map((at) => at - start)).toEqual([30_000, 60_000, 90_000]);
  });

  test('but not longer than maxAutoLockRenewalDuration for one message', async () => {
    const { trigger } = bench(clock, {
      serviceBus: { maxAutoLockRenewalDuration: '00:01:00' },
      run: () => clock.sleep(1e9),
    });
    const receiver = new FakeReceiver(clock);
    void serveSession(receiver, trigger, never);
    void receiver.deliver(message('1'));
    await clock.advance(50_000);
    expect(receiver.renewals).toHaveLength(1);
    await clock.advance(300_000);
    expect(receiver.renewals).toHaveLength(1);
  });

  test('a lost lock ends it once the running message is done; what still arrives is neither run nor settled', async () => {
    const { trigger, invoked, warnings } = bench(clock, { run: () => clock.sleep(40_000) });
    const receiver = new FakeReceiver(clock);
    receiver.failRenewal = new Error('The session lock has expired');
    const served = serveSession(receiver, trigger, never);
    void receiver.deliver(message('1'));
    await clock.advance(30_000);
    const late = receiver.deliver(message('2'));
    expect(receiver.closed).toBe(false);
    await clock.advance(10_000);
    await served;
    await late;
    expect(invoked).toHaveLength(1);
    expect(receiver.settled).toEqual(['complete m-1']);
    expect(warnings).toEqual(["f: session 's': The session lock has expired"]);
  });

  test('an error of the link ends it, and the connection with it', async () => {
    const { trigger, source, warnings } = bench(clock);
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, never);
    await receiver.handlers?.processError({ error: new Error('detached') });
    await served;
    expect(receiver.closed).toBe(true);
    expect(source.reconnects).toBe(1);
    expect(warnings).toEqual(["f: session 's': detached"]);
  });

  test('a lock that was lost ends it, and leaves the connection to the other sessions', async () => {
    const { trigger, source } = bench(clock);
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, never);
    await receiver.handlers?.processError({ error: Object.assign(new Error('lost'), { code: 'SessionLockLost' }) });
    await served;
    expect([receiver.closed, source.reconnects]).toEqual([true, 0]);
  });

  test('stopping lets the running message finish', async () => {
    const stopping = new AbortController();
    const { trigger } = bench(clock, { run: () => clock.sleep(5_000) });
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, stopping.signal);
    void receiver.deliver(message('1'));
    stopping.abort();
    await clock.advance(4_999);
    expect(receiver.closed).toBe(false);
    await clock.advance(1);
    await served;
    expect(receiver.settled).toEqual(['complete m-1']);
  });

  test('maxConcurrentCallsPerSession is what the client is asked for', async () => {
    const { trigger } = bench(clock, { serviceBus: { maxConcurrentCallsPerSession: 3 } });
    const receiver = new FakeReceiver(clock);
    void serveSession(receiver, trigger, never);
    await settle();
    expect(receiver.options.maxConcurrentCalls).toBe(3);
  });

  test('what was fetched ahead runs after a failure of what came before it, and not at all once the session is over', async () => {
    const stopping = new AbortController();
    const { trigger, invoked } = bench(clock, {
      serviceBus: { prefetchCount: 5 },
      run: async (body) => {
        await clock.sleep(10);
        if (body === '1') throw new Error('no');
      },
    });
    const receiver = new FakeReceiver(clock);
    const served = serveSession(receiver, trigger, stopping.signal);
    await settle();
    expect(receiver.options.maxConcurrentCalls).toBe(6);
    for (const body of ['1', '2', '3']) void receiver.deliver(message(body));
    await clock.advance(15);
    stopping.abort();
    await clock.advance(15);
    await served;
    expect(invoked.map(({ input }) => input.string)).toEqual(['1', '2']);
    expect(receiver.settled).toEqual(['abandon m-1', 'complete m-2']);
  });
});

describe('accepting sessions', () => {
  test('so many acceptors wait at once, and one comes back when its session is idle', async () => {
    const { trigger, source } = bench(clock, { serviceBus: { sessionIdleTimeout: '00:00:01' } });
    const listener = new SessionsListener(trigger, 3, serveSession);
    await listener.start();
    expect(source.acceptors).toHaveLength(3);
    const receiver = new FakeReceiver(clock);
    source.acceptors.shift()?.resolve(receiver);
    await settle();
    await receiver.deliver(message('1'));
    expect(source.acceptors).toHaveLength(2);
    await clock.advance(1_000);
    expect(source.acceptors).toHaveLength(3);
    await listener.stop();
    expect(source.closed).toBe(true);
  });

  test('no session for a minute: asked again at once, without a word', async () => {
    const { trigger, source, warnings } = bench(clock);
    const listener = new SessionsListener(trigger, 1, serveSession);
    await listener.start();
    source.acceptors.shift()?.reject(Object.assign(new Error('nothing'), { code: 'ServiceTimeout' }));
    await settle();
    expect(source.acceptors).toHaveLength(1);
    expect(warnings).toEqual([]);
    await listener.stop();
  });

  test('any other error is reported and followed by a pause', async () => {
    const { trigger, source, warnings } = bench(clock);
    const listener = new SessionsListener(trigger, 1, serveSession);
    await listener.start();
    source.acceptors.shift()?.reject(new Error('connection refused'));
    await clock.advance(999);
    expect(source.acceptors).toHaveLength(0);
    await clock.advance(1);
    expect(source.acceptors).toHaveLength(1);
    expect(warnings).toEqual(['f: accepting a session: connection refused']);
    await listener.stop();
  });

  test('stopping waits for the sessions being served', async () => {
    const { trigger, source } = bench(clock, { run: () => clock.sleep(5_000) });
    const listener = new SessionsListener(trigger, 2, serveSession);
    await listener.start();
    const receiver = new FakeReceiver(clock);
    source.acceptors.shift()?.resolve(receiver);
    await settle();
    void receiver.deliver(message('1'));
    const stopped = listener.stop();
    await clock.advance(4_000);
    expect(source.closed).toBe(false);
    await clock.advance(1_000);
    await stopped;
    expect(receiver.settled).toEqual(['complete m-1']);
    expect(receiver.closed).toBe(true);
    expect(source.closed).toBe(true);
  });

  test('a session that comes while another one is still served by a listener that stops is closed, and nobody runs it', async () => {
    const { trigger, source, invoked } = bench(clock, { run: () => clock.sleep(5_000) });
    const listener = new SessionsListener(trigger, 2, serveSession);
    await listener.start();
    const [served, late] = [new FakeReceiver(clock), new FakeReceiver(clock)];
    source.acceptors.shift()?.resolve(served);
    await settle();
    void served.deliver(message('1'));
    const stopped = listener.stop();
    await settle();
    source.acceptors.shift()?.resolve(late);
    await settle();
    expect([late.closed, served.closed, source.closed]).toEqual([true, false, false]);
    await clock.advance(5_000);
    await stopped;
    expect(invoked).toHaveLength(1);
  });
});

test('batches of a session are taken until a receive comes back empty', async () => {
  const { trigger, invoked } = bench(clock, { serviceBus: { sessionIdleTimeout: '00:00:01' } });
  const receiver = new FakeReceiver(clock);
  const served = serveBatches(receiver, trigger, never);
  receiver.batch([message('1'), message('2')]);
  await settle();
  receiver.batch([message('3')]);
  await clock.advance(1_000);
  await served;
  expect(invoked.map(({ input }) => input.json)).toEqual(['[1,2]', '[3]']);
  expect(receiver.settled).toEqual(['complete m-1', 'complete m-2', 'complete m-3']);
  expect(receiver.closed).toBe(true);
});
