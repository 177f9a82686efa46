// One client connection: its tokens, its links, and which event of the protocol goes to which of them.
import { TLSSocket } from 'node:tls';
import type { Account } from '../../service.ts';
import { asAmqpError, unauthorized } from '../amqp/error.ts';
import { told } from '../amqp/rhea.ts';
import type { AmqpConnection, AmqpLink, AmqpSession, LinkEvent, ServerConnection } from '../amqp/rhea.ts';
import { Transfers } from '../amqp/transfers.ts';
import type { Broker } from '../broker.ts';
import { covers, pathOf } from '../sas.ts';
import type { AccessKey, Claim, Grant } from '../sas.ts';
import type { Surroundings } from '../surroundings.ts';
import { attachIncoming, attachOutgoing } from './attach.ts';
import type { Gate } from './gate.ts';
import type { Link } from './link.ts';
import type { ReplyLink } from './reply-link.ts';

/** What all connections share. */
export interface Namespace {
  readonly broker: Broker;
  readonly around: Surroundings;
  readonly keys: readonly AccessKey[];
  /** Whose bearer tokens are taken; undefined: nobody's. */
  readonly issuer: Account | undefined;
  readonly gate: Gate;
}

export class Connection {
  readonly amqp: AmqpConnection;
  readonly namespace: Namespace;
  /** Answers of `$cbs` by AMQP session, answers of `$management` by reply address. */
  readonly replies = new Map<AmqpSession | string, ReplyLink>();
  readonly #grants = new Map<string, Grant>();
  readonly #links = new Map<AmqpLink, Link>();
  readonly #transfers = new Map<AmqpSession, Transfers>();
  #over = false;

  constructor(amqp: ServerConnection, namespace: Namespace) {
    this.amqp = amqp;
    this.namespace = namespace;
    const on = (name: string, listener: (event: LinkEvent) => void): void => void amqp.on(name, listener);
    on('session_open', ({ session }) => this.#transfers.set(session, new Transfers(session)));
    on('session_close', ({ session }) => this.#endSession(session));
    on('session_error', ({ session }) => this.#endSession(session));
    on('receiver_open', ({ receiver }) => this.#attach(receiver, attachIncoming));
    on('sender_open', ({ sender }) => this.#attach(sender, attachOutgoing));
    on('message', (event) => this.#onMessage(event));
    on('sender_flow', ({ sender }) => sender !== undefined && this.#links.get(sender)?.onFlow?.());
    for (const name of ['receiver_close', 'receiver_error']) on(name, ({ receiver }) => this.#detach(receiver, false));
    for (const name of ['sender_close', 'sender_error']) on(name, ({ sender }) => this.#detach(sender, false));
    on('connection_close', () => this.#end(false));
    on('connection_error', () => this.#end(false));
    on('disconnected', () => this.#end(true));
  }

  /** Whoever reads a bearer token on its way has all that its owner may do: it is taken by TLS only. */
  get isSecure(): boolean {
    return this.amqp.socket instanceof TLSSocket;
  }

  transfers(link: AmqpLink): Transfers {
    const transfers = this.#transfers.get(link.session);
    if (transfers === undefined) throw new Error('broken invariant: a link outside of a session');
    return transfers;
  }

  /** A client presented a valid token for an audience. */
  grant(audience: string, grant: Grant): void {
    const path = pathOf(audience);
    if (!covers(grant.scope, path)) throw unauthorized(`InvalidAudience: The token is not valid for '${path}'.`);
    this.#grants.set(path, grant);
    this.namespace.around.wake(grant.expiresAt);
  }

  /** Throws `amqp:unauthorized-access` unless one of the tokens allows one of the claims on the entity. */
  authorize(path: string, claims: readonly Claim[]): void {
    const now = this.namespace.around.clock.now();
    for (const [audience, grant] of this.#grants) {
      const allows = grant.claims.includes('Manage') || claims.some((claim) => grant.claims.includes(claim));
      if (allows && grant.expiresAt > now && covers(audience, path)) return;
    }
    throw unauthorized(`Unauthorized access. '${claims.join("' or '")}' claim is required on '${path}'.`);
  }

  /** Ends links whose token is over; returns when the next one will be. */
  tick(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    let expired = false;
    for (const [audience, { expiresAt }] of this.#grants) {
      if (expiresAt > now) next = Math.min(next, expiresAt);
      else expired = this.#grants.delete(audience) || expired;
    }
    if (expired) for (const [amqp, link] of this.#links) this.#closeIfUnauthorized(amqp, link);
    return next;
  }

  refuse(link: AmqpLink, error: unknown): void {
    link.close(told(asAmqpError(error)));
  }

  close(): void {
    this.#end(false);
    this.amqp.close({ condition: 'amqp:connection:forced', description: 'The service is stopping.' });
    const { socket } = this.amqp;
    process.nextTick(() => socket.destroySoon());
    // A client that does not read would hold up the stop.
    setTimeout(() => socket.destroy(), 1000).unref();
  }

  #attach(link: AmqpLink | undefined, attach: (link: AmqpLink, to: Connection) => Link | undefined): void {
    if (link === undefined) return;
    try {
      const attached = attach(link, this);
      if (attached !== undefined) this.#links.set(link, attached);
    } catch (error) {
      // Refused: an attach without source and target, then a detach that says why (AMQP 1.0 part 2.6.3).
      this.refuse(link, error);
    }
  }

  #onMessage({ receiver, delivery, message }: LinkEvent): void {
    if (receiver === undefined || delivery === undefined || !Buffer.isBuffer(message)) return;
    const link = this.#links.get(receiver);
    const format = this.transfers(receiver).formatOf(receiver);
    if (link?.onMessage === undefined) this.transfers(receiver).answer(delivery, unauthorized('The link is closed.'));
    else link.onMessage(delivery, message, format);
  }

  #closeIfUnauthorized(amqp: AmqpLink, link: Link): void {
    if (link.claims.length === 0) return;
    try {
      this.authorize(link.path, link.claims);
    } catch (error) {
      this.refuse(amqp, error);
    }
  }

  #detach(link: AmqpLink | undefined, abrupt: boolean): void {
    if (link === undefined) return;
    const attached = this.#links.get(link);
    this.#links.delete(link);
    attached?.onClose(abrupt);
  }

  #endSession(session: AmqpSession): void {
    for (const link of this.#links.keys()) if (link.session === session) this.#detach(link, false);
    this.#transfers.delete(session);
    this.replies.delete(session);
  }

  #end(abrupt: boolean): void {
    if (this.#over) return;
    this.#over = true;
    for (const link of this.#links.keys()) this.#detach(link, abrupt);
  }
}
