import { badArgument, messageNotFound } from '../amqp/error.ts';
import { types } from '../amqp/rhea.ts';
import { deliveredBytes } from '../delivered.ts';
import type { Lock } from '../locks.ts';
import { changesOf } from '../modification.ts';
import type { Changes } from '../modification.ts';
import type { Queue } from '../queue.ts';
import type { Operation } from './operation.ts';

const timestampCode = 0x83;
const mostPeeked = 1000;

const renewLock: Operation = {
  claims: ['Listen'],
  run({ broker, entity, args }) {
    const queue = broker.entities.queue(entity);
    const expirations = args.tokens('lock-tokens').map((key) => queue.renew(key));
    return { body: { expirations: types.wrap_array(expirations, timestampCode, undefined) } };
  },
};

const peek: Operation = {
  claims: ['Listen'],
  run({ broker, around, entity, args }) {
    const from = args.integer('from-sequence-number');
    const limit = Math.min(args.integer('message-count'), mostPeeked);
    if (limit < 1) throw badArgument("'message-count' must be positive.");
    const queue = broker.entities.queue(entity);
    const withBody = args.get('omit-message-body') !== true;
    const messages = around.store
      .peek(queue.entity, from, limit, args.optionalText('session-id'))
      .map((row) => ({ message: deliveredBytes(row, row.body, row.state, undefined, withBody) }));
    return messages.length === 0 ? { status: 204 } : { body: { messages } };
  },
};

const updateDisposition: Operation = {
  claims: ['Listen'],
  async run({ broker, entity, args }) {
    const queue = broker.entities.queue(entity);
    const status = args.text('disposition-status');
    const changes = changesOf(args.get('properties-to-modify'));
    const why = {
      reason: args.optionalText('deadletter-reason'),
      description: args.optionalText('deadletter-description'),
    };
    const locks = args.tokens('lock-tokens').map((key) => queue.lockOf(key));
    await Promise.all(locks.map((lock) => dispose(queue, lock, status, why, changes)));
    return {};
  },
};

function dispose(
  queue: Queue,
  lock: Lock,
  status: string,
  why: { reason: string | undefined; description: string | undefined },
  changes: Changes,
): Promise<void> {
  switch (status) {
    case 'completed':
      return queue.complete(lock);
    case 'abandoned':
      return queue.abandon(lock, changes);
    // Misspelled in the protocol.
    case 'defered':
      return queue.defer(lock, changes);
    case 'suspended':
      return queue.deadLetter(lock, why, changes);
    default:
      throw badArgument(`'${status}' is no disposition.`);
  }
}

const receiveBySequenceNumber: Operation = {
  claims: ['Listen'],
  async run({ broker, entity, args }) {
    const queue = broker.entities.queue(entity);
    const seqs = args.integers('sequence-numbers');
    const removes = args.integer('receiver-settle-mode') === 0;
    const fetched = await queue.fetchDeferred(seqs, args.optionalText('session-id'), removes);
    if (fetched.length === 0 && seqs.length > 0)
      throw messageNotFound('None of the messages is deferred in this entity.');
    const messages = fetched.map(({ message, body, lock }) => ({
      'lock-token': types.wrap_uuid(lock?.token ?? Buffer.alloc(16)),
      message: deliveredBytes(message, body, 'deferred', lock?.until),
    }));
    return { body: { messages } };
  },
};

export const messageOperations: Readonly<Record<string, Operation>> = {
  'renew-lock': renewLock,
  'peek-message': peek,
  'update-disposition': updateDisposition,
  'receive-by-sequence-number': receiveBySequenceNumber,
};
