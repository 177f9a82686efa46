import { asAmqpError } from '../amqp/error.ts';
import { decodeMessage } from '../amqp/rhea.ts';
import type { AmqpLink, DecodedMessage, IncomingDelivery } from '../amqp/rhea.ts';
import type { Connection } from './connection.ts';

/**
 * A request to `$cbs` or `$management`. One that is too large or no message cannot be answered, because nobody knows its
 * id: it is rejected and the link closed, so that the client does not wait for its time-out.
 */
export function requestIn(
  bytes: Buffer,
  delivery: IncomingDelivery,
  link: AmqpLink,
  connection: Connection,
): DecodedMessage | undefined {
  const transfers = connection.transfers(link);
  try {
    transfers.checkSize(link);
    const request = decodeMessage(bytes);
    transfers.answer(delivery);
    link.add_credit(1);
    return request;
  } catch (error) {
    transfers.answer(delivery, asAmqpError(error));
    connection.refuse(link, error);
    return undefined;
  }
}
