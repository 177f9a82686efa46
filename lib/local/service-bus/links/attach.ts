// What an attach asks for, by address: a sender, a receiver, or one half of a request and its answer.
import { notAllowed, notFound, notImplemented } from '../amqp/error.ts';
import type { AmqpLink } from '../amqp/rhea.ts';
import { pathOf } from '../sas.ts';
import { CbsLink } from './cbs-link.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';
import { ManagementLink } from './management-link.ts';
import { attachReceiver } from './receiver-link.ts';
import { ReplyLink } from './reply-link.ts';
import { SenderLink } from './sender-link.ts';

const cbs = '$cbs';
const management = /\/\$management$/i;
const credit = 100;

/** A link that the client sends on. Throws the refusal. */
export function attachIncoming(link: AmqpLink, connection: Connection): Link {
  const address = link.target?.address;
  // The coordinator of transactions has no address.
  if (address === undefined || address === null) throw notImplemented('Transactions are not supported.');
  if (address === cbs) {
    accept(link, credit);
    return new CbsLink(link, connection);
  }
  if (management.test(address)) {
    const entity = entityOf(address, connection);
    accept(link, credit);
    return new ManagementLink(link, connection, entity);
  }
  return SenderLink.attach(link, connection, address, () => accept(link, 0));
}

/** A link that the client receives on. Throws the refusal. */
export function attachOutgoing(link: AmqpLink, connection: Connection): Link {
  const address = link.source?.address;
  if (address === undefined || address === null) throw notAllowed('A source address is required.');
  if (address === cbs) {
    accept(link, 0);
    return ReplyLink.attach(link, connection, link.session);
  }
  if (management.test(address)) {
    entityOf(address, connection);
    accept(link, 0);
    return ReplyLink.attach(link, connection, link.target?.address ?? link.name);
  }
  return attachReceiver(link, connection, address, () => accept(link, 0));
}

// Management is for whoever may do anything with the entity; each operation asks for its own claim.
function entityOf(address: string, connection: Connection): string {
  const entity = address.replace(management, '');
  if (!connection.namespace.broker.entities.exists(entity)) throw notFound(entity);
  connection.authorize(pathOf(address), ['Listen', 'Send', 'Manage']);
  return entity;
}

function accept(link: AmqpLink, firstCredit: number): void {
  const { attach } = link.local;
  attach['snd_settle_mode'] = link.snd_settle_mode ?? 0;
  attach['rcv_settle_mode'] = link.rcv_settle_mode ?? 0;
  link.set_source(addressOf(link.source));
  link.set_target(addressOf(link.target));
  if (firstCredit > 0) link.add_credit(firstCredit);
}

function addressOf(end: AmqpLink['source']): { address?: string } {
  return end?.address === undefined ? {} : { address: end.address };
}
