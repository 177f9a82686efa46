import { asAmqpError, disabled, notAllowed, timedOut } from '../amqp/error.ts';
import { holdAttach, outcomeCodes, rejectedOutcome, told, types } from '../amqp/rhea.ts';
import type { AmqpLink, Typed } from '../amqp/rhea.ts';
import type { AmqpError } from '../amqp/error.ts';
import type { Transfers } from '../amqp/transfers.ts';
import type { Consumer } from '../consumer.ts';
import { deliveredBytes } from '../delivered.ts';
import { tagOf } from '../locks.ts';
import type { Lock } from '../locks.ts';
import type { Message } from '../message.ts';
import type { Queue } from '../queue.ts';
import { pathOf } from '../sas.ts';
import type { Session } from '../sessions.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';
import { settlementOf } from './outcome.ts';
import type { SettlementWay } from './outcome.ts';

const sessionFilter = 'com.microsoft:session-filter';
const defaultWait = 60_000;

/** A client's receiver. A sessionful one whose session is not there yet is answered when it is, or when time is over. */
export function attachReceiver(link: AmqpLink, connection: Connection, address: string, accept: () => void): Link {
  const queue = connection.namespace.broker.entities.queue(address);
  const receiver = new ReceiverLink(link, connection, queue);
  connection.authorize(receiver.path, receiver.claims);
  if (!queue.rules.receivable) throw disabled(address);
  if (queue.rules.forwardTo !== undefined)
    throw notAllowed(`Messages of '${address}' are forwarded, so that nobody can receive them there.`);
  const filter = link.source?.filter ?? {};
  if (!(sessionFilter in filter)) {
    if (queue.rules.requiresSession)
      throw notAllowed('It is not possible for an entity that requires sessions to create a non-sessionful receiver.');
    accept();
    queue.attach(receiver);
    return receiver;
  }
  if (!queue.rules.requiresSession)
    throw notAllowed('A sessionful message receiver cannot be created on an entity that does not require sessions.');
  const wanted = sessionOf(filter[sessionFilter]);
  if (wanted !== undefined) receiver.open(queue.acceptSession(wanted, receiver), accept);
  else receiver.openNext(accept);
  return receiver;
}

function sessionOf(filter: unknown): string | undefined {
  const value = typeof filter === 'object' && filter !== null && 'value' in filter ? filter.value : filter;
  return typeof value === 'string' ? value : undefined;
}

class ReceiverLink implements Link, Consumer {
  readonly claims = ['Listen'] as const;
  readonly path: string;
  readonly deletes: boolean;
  readonly #link: AmqpLink;
  readonly #connection: Connection;
  readonly #transfers: Transfers;
  readonly #queue: Queue;
  readonly #unsettled = new Set<number>();
  #reserved = 0;
  #closed = false;
  #held = false;

  constructor(link: AmqpLink, connection: Connection, queue: Queue) {
    this.path = pathOf(queue.address);
    // Settled when sent: the client cannot give anything back.
    this.deletes = link.snd_settle_mode === 1;
    this.#link = link;
    this.#connection = connection;
    this.#transfers = connection.transfers(link);
    this.#queue = queue;
  }

  open(session: Session, accept: () => void): void {
    accept();
    const { address } = this.#link.source ?? {};
    this.#link.set_source({ address, filter: { [sessionFilter]: session.id } });
    this.#link.local.attach['properties'] = { 'com.microsoft:locked-until-utc': ticks(session.until) };
    this.#link.open();
  }

  openNext(accept: () => void): void {
    holdAttach(this.#link);
    this.#held = true;
    const asked = this.#link.properties?.['com.microsoft:timeout'];
    const ms = typeof asked === 'number' ? asked : defaultWait;
    this.#queue
      .acceptNext(this, ms)
      .then((session) => {
        this.#held = false;
        if (this.#closed) return;
        if (session !== undefined) this.open(session, accept);
        else {
          this.#link.open();
          this.#link.close(told(timedOut(`No session became available within ${ms} ms.`)));
        }
      })
      .catch((error: unknown) => this.#connection.namespace.around.log.error('accept_failed', { error }));
  }

  capacity(): number {
    return this.#closed ? 0 : this.#link.credit - this.#reserved;
  }

  reserve(): void {
    this.#reserved++;
  }

  unreserve(): void {
    this.#reserved--;
    this.#answerDrain();
  }

  deliver(message: Message, body: Buffer, lock: Lock | undefined): void {
    const bytes = deliveredBytes(message, body, message.deferred ? 'deferred' : 'active', lock?.until);
    if (lock === undefined) {
      // The connection may have gone while the removal was on its way: receive-and-delete loses the message then.
      if (!this.#closed)
        this.#transfers.send(this.#link, Buffer.from(this.#connection.namespace.around.random.bytes(16)), bytes);
      this.unreserve();
      return;
    }
    const id = this.#transfers.send(this.#link, tagOf(lock.token), bytes, (state, settled) =>
      this.#onOutcome(id, lock, state, settled),
    );
    this.#unsettled.add(id);
  }

  sessionLost(error: AmqpError): void {
    if (!this.#closed) this.#link.close(told(error));
    this.onClose(false);
  }

  onFlow(): void {
    this.#queue.pump(this);
    this.#answerDrain();
  }

  onClose(abrupt: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transfers.forget(this.#link, this.#unsettled);
    this.#queue.detach(this, abrupt);
    if (!this.#held || abrupt) return;
    // The client gave up while its attach was held: it still waits for an attach and a detach of ours.
    this.#link.open();
    this.#link.close();
  }

  // What is reserved is still to be sent, and must come before the peer is told that its credit is used up.
  #answerDrain(): void {
    if (this.#link._draining === true && this.#reserved === 0 && !this.#closed) this.#transfers.drained(this.#link);
  }

  #onOutcome(id: number, lock: Lock, state: Typed | undefined, settled: boolean): void {
    const { gate, around } = this.#connection.namespace;
    // `received` says how far the peer has read; it is no outcome.
    if (state === undefined ? !settled : !Object.values(outcomeCodes).includes(Number(state.descriptor?.value))) return;
    let way: SettlementWay;
    try {
      way = settlementOf(state);
    } catch (error) {
      // Not understood: the message stays locked, as if nothing had been said.
      this.#answer(id, rejectedOutcome(asAmqpError(error)), settled);
      return;
    }
    gate
      .pass(
        this.#connection.amqp,
        () => `settle ${way.name} ${this.#queue.address}`,
        () => way.settle(this.#queue, lock),
      )
      .then(
        () => this.#answer(id, way.answer, settled),
        (error: unknown) => this.#answer(id, rejectedOutcome(asAmqpError(error)), settled),
      )
      .catch((error: unknown) => around.log.error('answer_failed', { error }));
  }

  #answer(id: number, outcome: unknown, settled: boolean): void {
    this.#unsettled.delete(id);
    if (!settled) this.#transfers.settle(id, outcome);
  }
}

// .NET ticks, 100 ns since the year 1: beyond what a number holds, so rhea takes and gives eight bytes.
function ticks(ms: number): unknown {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.round(ms)) * 10_000n + 621_355_968_000_000_000n);
  return types.wrap_long(bytes);
}
