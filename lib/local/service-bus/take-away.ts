import type { Consumer } from './consumer.ts';
import type { Message } from './message.ts';
import type { Home, Settlement } from './settlement.ts';
import type { Surroundings } from './surroundings.ts';

/** Receive-and-delete: the message is gone from the disk before it is sent, so that it never comes twice. */
export function takeAway(
  message: Message,
  taker: Consumer,
  settlement: Settlement,
  { bodies, address }: Home,
  { counters, log }: Surroundings,
): void {
  taker.reserve();
  const body = bodies.of(message);
  settlement.complete(message).then(
    () => {
      counters.settled++;
      taker.deliver(message, body, undefined);
    },
    (error: unknown) => {
      taker.unreserve();
      log.error('removal_failed', { address, error });
    },
  );
}
