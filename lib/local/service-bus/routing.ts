// Where a message comes to rest: through the rules of subscriptions, and from entity to entity where they forward.
import { must } from '../../base/errors.ts';
import { notAllowed } from './amqp/error.ts';
import type { Destination, Entities } from './entities.ts';
import type { Submission } from './message.ts';
import type { Queue } from './queue.ts';

export interface Route {
  /** Where it is kept: an entity, or the dead-letter queue of the one that could not pass it on. */
  readonly home: Queue;
  readonly message: Submission;
  /** Entities behind the first that look for duplicates, each by itself. */
  readonly through: readonly Destination[];
  /** Where `home` is a dead-letter queue: of which entity, and why. */
  readonly refused: { readonly by: Queue; readonly because: string } | undefined;
}

/** "Chaining Service Bus entities with autoforwarding": a message passes on four times at most. */
const mostHops = 4;

/** Throws `amqp:not-allowed` for a message without the session that its queue needs. */
export function route(entities: Entities, to: Destination, message: Submission): Route[] {
  if (to.topic !== undefined)
    return to.topic.matching(message).flatMap((copy) => follow(entities, copy.queue, copy.message));
  const queue = entities.queue(to.address);
  if (queue.rules.requiresSession && message.session === undefined)
    throw notAllowed(
      'The SessionId was not set on a message, and it cannot be sent to the entity. ' +
        'Entities that have session support enabled can only receive messages that have the SessionId set.',
    );
  return follow(entities, queue, message);
}

/** From a queue or subscription onwards. */
export function follow(
  entities: Entities,
  queue: Queue,
  message: Submission,
  through: readonly Destination[] = [],
): Route[] {
  const { forwardTo, requiresSession } = queue.rules;
  const refuse = (because: string): Route[] => {
    const home = must(queue.deadLetters ?? queue, 'dead-letter queue');
    return [{ home, message, through, refused: { by: queue, because } }];
  };
  if (forwardTo === undefined) {
    if (requiresSession && message.session === undefined) return refuse('Session id is null.');
    return [{ home: queue, message, through, refused: undefined }];
  }
  const next = entities.destination(forwardTo);
  if (through.length === mostHops) return refuse('MaxTransferHopCountExceeded');
  if (!next.sendable) return refuse('ForwardingDestinationDisabled');
  if (next.usage.full) return refuse('ForwardingDestinationFull');
  const passed = [...through, next];
  if (next.topic === undefined) return follow(entities, entities.queue(next.address), message, passed);
  return next.topic.matching(message).flatMap((copy) => follow(entities, copy.queue, copy.message, passed));
}
