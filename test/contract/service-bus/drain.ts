// Takes everything out of the entities of topology.json, whatever state it is in: what a case leaves would be met by the
// next one. What a dead client holds comes free with the end of its lock.
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
  ServiceBusReceiverOptions,
} from '@azure/service-bus';
import { isServiceBusError } from '@azure/service-bus';
import { topology, type QueueDescription } from './topology.ts';

/** A queue, or what a subscription or a sub-queue is taken for. */
interface Source {
  readonly name: string;
  readonly requiresSession: boolean;
  receiver(options: Pick<ServiceBusReceiverOptions, 'receiveMode'>): ServiceBusReceiver;
  session(id: string): Promise<ServiceBusReceiver>;
}

type SequenceNumber = NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

/** Longer than any lock of the topology. */
const deadline = 120_000;

/** What empties all entities. It throws where something is left after two minutes. */
export function drainOf(client: ServiceBusClient): () => Promise<void> {
  const queues = topology.queues.flatMap((queue) => sourcesOf(client, queue, [queue.name]));
  const subscriptions = topology.topics.flatMap((topic) =>
    topic.subscriptions.flatMap((each) => sourcesOf(client, each, [topic.name, each.name])),
  );
  const drains = [...queues, ...subscriptions].map((source) => {
    const peek = peekOf(source);
    return () => drain(client, source, peek);
  });
  return async () => void (await Promise.all(drains.map((each) => each())));
}

/** Forwarding, and a status that lets nobody receive, leave no source. */
function sourcesOf(client: ServiceBusClient, entity: QueueDescription, path: readonly string[]): Source[] {
  const receiver = (options: ServiceBusReceiverOptions): ServiceBusReceiver =>
    path[1] === undefined
      ? client.createReceiver(path[0] ?? '', options)
      : client.createReceiver(path[0] ?? '', path[1], options);
  const session = (id: string): Promise<ServiceBusReceiver> =>
    path[1] === undefined
      ? client.acceptSession(path[0] ?? '', id, { receiveMode: 'receiveAndDelete' })
      : client.acceptSession(path[0] ?? '', path[1], id, { receiveMode: 'receiveAndDelete' });
  const name = path.join('/');
  const own: Source = { name, requiresSession: entity.requiresSession === true, receiver, session };
  const dead: Source = {
    ...own,
    name: `${name} (dead letters)`,
    requiresSession: false,
    receiver: (options) => receiver({ ...options, subQueueType: 'deadLetter' }),
  };
  return [
    ...(entity.forwardTo === undefined && entity.status !== 'ReceiveDisabled' ? [own] : []),
    ...(entity.forwardDeadLetteredMessagesTo === undefined && entity.status !== 'ReceiveDisabled' ? [dead] : []),
  ];
}

async function drain(
  client: ServiceBusClient,
  source: Source,
  peek: () => Promise<readonly ServiceBusReceivedMessage[]>,
): Promise<void> {
  for (const end = performance.now() + deadline; ; await sleep(100)) {
    const left = await peek();
    if (left.length === 0) return;
    if (performance.now() > end)
      throw new Error(`${source.name} is not empty: ${left.map(({ state }) => state).join()}`);
    // A race with a time that comes, or with a holder that is just going away: the next round sees what is left.
    await take(client, source, left).catch((error: unknown) => {
      if (!isServiceBusError(error) || !['MessageNotFound', 'SessionCannotBeLocked'].includes(error.code)) throw error;
    });
  }
}

/**
 * Peeks from the beginning. The client goes on from the last number that any of its receivers has seen, unless it is told
 * one: the first that was ever seen, for what comes later has a higher one.
 */
function peekOf(source: Source): () => Promise<readonly ServiceBusReceivedMessage[]> {
  const peeker = source.receiver({});
  let first: SequenceNumber | undefined;
  return async () => {
    const messages = await peeker.peekMessages(200, first === undefined ? {} : { fromSequenceNumber: first });
    if (messages[0] !== undefined) first ??= numberOf(messages[0]);
    return messages;
  };
}

async function take(
  client: ServiceBusClient,
  source: Source,
  left: readonly ServiceBusReceivedMessage[],
): Promise<void> {
  const scheduled = left.filter(({ state }) => state === 'scheduled').map(numberOf);
  if (scheduled.length > 0) {
    const sender = client.createSender(source.name);
    await sender.cancelScheduledMessages(scheduled);
    await sender.close();
  }
  const due = left.filter(({ state }) => state !== 'scheduled');
  if (!source.requiresSession) return empty(source.receiver({ receiveMode: 'receiveAndDelete' }), due);
  for (const id of new Set(due.map(({ sessionId = '' }) => sessionId)))
    await empty(
      await source.session(id),
      due.filter(({ sessionId = '' }) => sessionId === id),
    );
}

async function empty(receiver: ServiceBusReceiver, due: readonly ServiceBusReceivedMessage[]): Promise<void> {
  try {
    const deferred = due.filter(({ state }) => state === 'deferred').map(numberOf);
    if (deferred.length > 0) await receiver.receiveDeferredMessages(deferred);
    if (deferred.length < due.length) await receiver.receiveMessages(due.length, { maxWaitTimeInMs: 500 });
  } finally {
    await receiver.close();
  }
}

function numberOf({ sequenceNumber }: ServiceBusReceivedMessage): SequenceNumber {
  if (sequenceNumber === undefined) throw new Error('a message without a number');
  return sequenceNumber;
}
