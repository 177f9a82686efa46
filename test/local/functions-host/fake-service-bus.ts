import { silent } from '../../../lib/base/log.ts';
import type { Invocation } from '../../../lib/local/functions-host/extension.ts';
import { parseHostJson } from '../../../lib/local/functions-host/host-json.ts';
import { HostLog } from '../../../lib/local/functions-host/host-log.ts';
import type {
  Message,
  Receiver,
  SessionReceiver,
  Source,
} from '../../../lib/local/functions-host/service-bus/receiver.ts';
import { Trigger } from '../../../lib/local/functions-host/service-bus/trigger.ts';
import type { FakeClock } from './fake-clock.ts';

let sequence = 0;

/** As the client's 64-bit numbers look to the listeners. */
export function long(value: number): NonNullable<Message['sequenceNumber']> {
  const parts = { low: value, high: 0, unsigned: false, toNumber: () => value, toString: () => String(value) };
  return parts as unknown as NonNullable<Message['sequenceNumber']>;
}

export function message(body: string, more: Partial<Message> = {}): Message {
  return {
    body: Buffer.from(body),
    messageId: `m-${body}`,
    deliveryCount: 0,
    sequenceNumber: long(++sequence),
    enqueuedTimeUtc: new Date('2026-01-02T03:04:05.678Z'),
    expiresAtUtc: new Date('2026-01-03T03:04:05.678Z'),
    lockToken: 'lock',
    state: 'active',
    ...more,
  } as Message;
}

type Handlers = Parameters<Receiver['subscribe']>[0];

/** One receiver (or session) under the test's control: `deliver` is what the broker would send. */
export class FakeReceiver implements SessionReceiver {
  readonly sessionId: string;
  readonly settled: string[] = [];
  readonly #clock: FakeClock;
  readonly #lockMs: number;
  readonly #waiting: ((messages: Message[]) => void)[] = [];
  readonly #batches: Message[][] = [];
  handlers: Handlers | undefined;
  options: Parameters<Receiver['subscribe']>[1] = {};
  closed = false;
  renewals: number[] = [];
  failRenewal: Error | undefined;
  failSettle: Error | undefined;
  sessionLockedUntilUtc: Date;

  constructor(clock: FakeClock, sessionId = 's', lockMs = 60_000) {
    this.#clock = clock;
    this.#lockMs = lockMs;
    this.sessionId = sessionId;
    this.sessionLockedUntilUtc = new Date(clock.now() + lockMs);
  }

  subscribe(handlers: Handlers, options: Parameters<Receiver['subscribe']>[1]): { close(): Promise<void> } {
    this.handlers = handlers;
    this.options = options;
    return { close: () => Promise.resolve() };
  }

  /** As the client calls the handler; the promise is the handler's. */
  deliver(one: Message): Promise<void> {
    if (this.handlers === undefined) throw new Error('nobody has subscribed');
    return this.handlers.processMessage(one);
  }

  batch(messages: Message[]): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#batches.push(messages);
    else waiting(messages);
  }

  receiveMessages(most: number, options: Parameters<Receiver['receiveMessages']>[1]): Promise<Message[]> {
    const ready = this.#batches.shift();
    if (ready !== undefined) return Promise.resolve(ready.slice(0, most));
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      options.abortSignal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      void this.#clock.sleep(options.maxWaitTimeInMs).then(() => resolve([]));
    });
  }

  completeMessage(one: Message): Promise<void> {
    return this.#settle('complete', one);
  }

  abandonMessage(one: Message): Promise<void> {
    return this.#settle('abandon', one);
  }

  renewSessionLock(): Promise<Date> {
    if (this.failRenewal !== undefined) return Promise.reject(this.failRenewal);
    this.renewals.push(this.#clock.now());
    this.sessionLockedUntilUtc = new Date(this.#clock.now() + this.#lockMs);
    return Promise.resolve(this.sessionLockedUntilUtc);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #settle(how: string, one: Message): Promise<void> {
    if (this.failSettle !== undefined) return Promise.reject(this.failSettle);
    this.settled.push(`${how} ${String(one.messageId)}`);
    return Promise.resolve();
  }
}

export class FakeSource implements Source {
  readonly single: FakeReceiver;
  /** Acceptors that wait for a session now. */
  readonly acceptors: { resolve: (session: SessionReceiver) => void; reject: (error: Error) => void }[] = [];
  closed = false;
  reconnects = 0;
  renewMs: number | undefined;

  constructor(clock: FakeClock) {
    this.single = new FakeReceiver(clock);
  }

  receiver(renewMs: number): Receiver {
    this.renewMs = renewMs;
    return this.single;
  }

  nextSession(): Promise<SessionReceiver> {
    return new Promise((resolve, reject) => this.acceptors.push({ resolve, reject }));
  }

  reconnect(): void {
    this.reconnects++;
  }

  close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.acceptors.splice(0)) reject(new Error('the connection is closed'));
    return Promise.resolve();
  }
}

export interface Bench {
  readonly trigger: Trigger;
  readonly source: FakeSource;
  readonly invoked: Invocation[];
  readonly warnings: string[];
}

/** A trigger over a fake source; `run` is the function. */
export function bench(
  clock: FakeClock,
  {
    serviceBus = {},
    options = {},
    run = async () => {},
  }: { serviceBus?: object; options?: object; run?: (body: string) => Promise<void> } = {},
): Bench {
  const source = new FakeSource(clock);
  const invoked: Invocation[] = [];
  const warnings: string[] = [];
  const log = new HostLog({ ...silent, warn: (_, fields) => warnings.push(String(fields?.['message'])) });
  const definition = {
    name: 'f',
    trigger: { name: 't', type: 'serviceBusTrigger', ...options },
    inputs: [],
    outputs: [],
    retry: undefined,
  };
  const trigger = new Trigger(definition, source, {
    clock,
    log,
    hostSettings: parseHostJson({ version: '2.0', extensions: { serviceBus } }, 2),
    async invoke(_, invocation) {
      invoked.push(invocation);
      await run(invocation.input.string ?? invocation.input.json ?? '');
      return { outputData: [] };
    },
  });
  return { trigger, source, invoked, warnings };
}
