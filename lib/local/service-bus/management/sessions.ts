import { badArgument, messageTooLarge } from '../amqp/error.ts';
import { types } from '../amqp/rhea.ts';
import { largestMessage } from '../amqp/transfers.ts';
import type { Operation } from './operation.ts';

const renew: Operation = {
  claims: ['Listen'],
  run({ broker, entity, args }) {
    return { body: { expiration: new Date(broker.entities.queue(entity).renewSession(args.text('session-id'))) } };
  },
};

const getState: Operation = {
  claims: ['Listen'],
  run({ broker, around, entity, args }) {
    const queue = broker.entities.queue(entity);
    const { id } = queue.heldSession(args.text('session-id'));
    return { body: { 'session-state': around.store.sessionState(queue.entity, id) ?? null } };
  },
};

const setState: Operation = {
  claims: ['Listen'],
  async run({ broker, around, entity, args }) {
    const queue = broker.entities.queue(entity);
    const { id } = queue.heldSession(args.text('session-id'));
    const state = args.get('session-state') ?? undefined;
    if (state !== undefined && !Buffer.isBuffer(state)) throw badArgument("'session-state' must be binary.");
    if (state !== undefined && state.length > largestMessage) throw messageTooLarge(state.length, largestMessage);
    const now = around.clock.now();
    await around.store.commit(() => around.store.setSessionState(queue.entity, id, state, now));
    return {};
  },
};

const list: Operation = {
  claims: ['Listen'],
  run({ broker, around, entity, args }) {
    const queue = broker.entities.queue(entity);
    const [skip, top] = [args.integer('skip'), Math.min(args.integer('top'), 1000)];
    if (skip < 0) throw badArgument("'skip' must not be negative.");
    const ids = around.store.sessions(queue.entity, sinceOf(args.get('last-updated-time')), skip, top);
    return ids.length === 0 ? { status: 204 } : { body: { skip: types.wrap_int(skip), 'sessions-ids': ids } };
  },
};

// The largest time there is means: sessions that hold messages, whatever their state.
function sinceOf(value: unknown): number | undefined {
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  return Number.isNaN(time) || time >= 253_402_300_799_999 ? undefined : time;
}

export const sessionOperations: Readonly<Record<string, Operation>> = {
  'renew-session-lock': renew,
  'get-session-state': getState,
  'set-session-state': setState,
  'get-message-sessions': list,
};
