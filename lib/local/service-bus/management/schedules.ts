import { badArgument, messageTooLarge } from '../amqp/error.ts';
import { types } from '../amqp/rhea.ts';
import { largestMessage } from '../amqp/transfers.ts';
import { parseSubmission } from '../message.ts';
import type { Submission } from '../message.ts';
import type { Random } from '../../../base/random.ts';
import type { Operation } from './operation.ts';

const longCode = 0x81;

const schedule: Operation = {
  claims: ['Send'],
  async run({ broker, around, entity, args }) {
    const entries = args.list('messages').map((entry) => scheduled(entry, around.random));
    const seqs = await broker.scheduleAt(broker.entities.destination(entity), entries);
    return { body: { 'sequence-numbers': types.wrap_array(seqs, longCode, undefined) } };
  },
};

function scheduled(entry: unknown, random: Random): { message: Submission; at: number } {
  const bytes = typeof entry === 'object' && entry !== null && 'message' in entry ? entry.message : undefined;
  if (!Buffer.isBuffer(bytes)) throw badArgument("'messages' must hold encoded messages.");
  if (bytes.length > largestMessage) throw messageTooLarge(bytes.length, largestMessage);
  const message = parseSubmission(bytes, random);
  if (message.scheduledFor === undefined) throw badArgument("'x-opt-scheduled-enqueue-time' is missing.");
  return { message, at: message.scheduledFor };
}

const cancel: Operation = {
  claims: ['Send'],
  async run({ broker, entity, args }) {
    await broker.cancel(broker.entities.destination(entity), args.integers('sequence-numbers'));
    return {};
  },
};

export const scheduleOperations: Readonly<Record<string, Operation>> = {
  'schedule-message': schedule,
  'cancel-scheduled-message': cancel,
};
