import frames from 'rhea/lib/frames.js';
import { acceptedOutcome, rejectedOutcome } from './rhea.ts';
import type { AmqpLink, AmqpSession, DispositionFields, IncomingDelivery, TransferFrame, Typed } from './rhea.ts';
import { messageTooLarge } from './error.ts';
import type { AmqpError } from './error.ts';

/** What the peer says about one of our deliveries; `settled` means that it expects no answer. */
export type OutcomeHandler = (state: Typed | undefined, settled: boolean) => void;

interface Waiting {
  readonly link: AmqpLink;
  readonly id: number;
  readonly tag: Buffer;
  readonly payload: Buffer;
  readonly settled: boolean;
  sent: number;
}

/** Bytes of one transfer, a batch included: the limit of the Standard tier. */
export const largestMessage = 256 * 1024;

// Room for the frame header and a transfer performative with a 16-byte tag.
const frameOverhead = 512;
const largestFrame = 65_536;

/** Everything that one AMQP session carries in either direction: transfers cut to frames, in order, and their outcomes. */
export class Transfers {
  readonly #session: AmqpSession;
  readonly #waiting: Waiting[] = [];
  readonly #unsettled = new Map<number, OutcomeHandler>();
  readonly #formats = new WeakMap<AmqpLink, number>();
  readonly #arriving = new WeakMap<AmqpLink, number>();
  readonly #sizes = new WeakMap<AmqpLink, number>();
  readonly #limits = new WeakMap<AmqpLink, number>();
  #nextId = 0;
  #corked = false;

  constructor(session: AmqpSession) {
    this.#session = session;
    const onTransfer = session.incoming.on_transfer.bind(session.incoming);
    session.incoming.on_transfer = (frame, link) => this.#onTransfer(frame, link, onTransfer);
    const onFlow = session.outgoing.on_flow.bind(session.outgoing);
    session.outgoing.on_flow = (fields) => {
      onFlow(fields);
      this.#flush();
    };
    session.outgoing.on_disposition = (fields) => this.#onDisposition(fields);
  }

  /** Sends one message on a link that has credit, and takes that credit. `onOutcome` may be called more than once. */
  send(link: AmqpLink, tag: Buffer, payload: Buffer, onOutcome?: OutcomeHandler): number {
    const id = this.#nextId++;
    link.credit--;
    link.delivery_count++;
    if (onOutcome !== undefined) this.#unsettled.set(id, onOutcome);
    this.#waiting.push({ link, id, tag, payload, settled: onOutcome === undefined, sent: 0 });
    this.#flush();
    return id;
  }

  /** Answers the peer's outcome for one of our deliveries; from here on the delivery is history. */
  settle(id: number, outcome: unknown): void {
    if (!this.#unsettled.delete(id)) return;
    this.#cork();
    this.#session.output(frames.disposition({ role: false, first: id, last: id, settled: true, state: outcome }));
  }

  /** Answers a message that came in: accepted, or rejected with the error. */
  answer(delivery: IncomingDelivery, error?: AmqpError): void {
    if (delivery.settled) return;
    delivery.settled = true;
    if (!delivery.remote_settled) {
      this.#cork();
      const state = error === undefined ? acceptedOutcome() : rejectedOutcome(error);
      const { id } = delivery;
      this.#session.output(frames.disposition({ role: true, first: id, last: id, settled: true, state }));
    }
    // Lets rhea take settled deliveries out of its ring, whose free room is the window it offers to the peer.
    this.#session.connection._register();
  }

  /** Tells the peer that its credit is used up: the answer to a drain. */
  drained(link: AmqpLink): void {
    link.delivery_count += link.credit;
    link.credit = 0;
    link._get_drain = () => true;
    this.#session._write_flow(link);
    link._get_drain = () => false;
  }

  /** Lets messages of that many bytes come in on the link, instead of `largestMessage`. */
  allow(link: AmqpLink, bytes: number): void {
    this.#limits.set(link, bytes);
  }

  /** Throws `amqp:link:message-size-exceeded` if the message that was just received was too large, and is not all there. */
  checkSize(link: AmqpLink): void {
    const limit = this.#limitOf(link);
    if (this.sizeOf(link) > limit) throw messageTooLarge(this.sizeOf(link), limit);
  }

  #limitOf(link: AmqpLink): number {
    return this.#limits.get(link) ?? largestMessage;
  }

  /** Bytes of the message that was just received on the link. If more than its limit, the rest is missing. */
  sizeOf(link: AmqpLink): number {
    return this.#sizes.get(link) ?? 0;
  }

  /** The message format of the message that was just received on the link. */
  formatOf(link: AmqpLink): number {
    return this.#formats.get(link) ?? 0;
  }

  forget(link: AmqpLink, ids: Iterable<number>): void {
    for (const id of ids) this.#unsettled.delete(id);
    for (let i = this.#waiting.length - 1; i >= 0; i--) if (this.#waiting[i]?.link === link) this.#waiting.splice(i, 1);
  }

  #flush(): void {
    const { outgoing } = this.#session;
    const remote = this.#session.connection.max_frame_size ?? largestFrame;
    const room = Math.max(Math.min(remote, largestFrame) - frameOverhead, 64);
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      // NaN until the peer's first flow, which is also what brings the first credit.
      if (!(outgoing.transfer_window() > 0)) return;
      const end = Math.min(next.sent + room, next.payload.length);
      const transfer = frames.transfer({
        handle: next.link.local.handle,
        delivery_id: next.id,
        delivery_tag: next.tag,
        message_format: 0,
        settled: next.settled,
        more: end < next.payload.length,
      });
      outgoing.next_transfer_id++;
      this.#cork();
      this.#session.output(transfer, next.payload.subarray(next.sent, end));
      next.sent = end;
      if (end === next.payload.length) this.#waiting.shift();
    }
  }

  // rhea writes each frame by itself: one system call for all that one turn of the loop produces.
  #cork(): void {
    const { socket } = this.#session.connection;
    if (this.#corked) return;
    this.#corked = true;
    socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      socket.uncork();
    });
  }

  #onDisposition(fields: DispositionFields): void {
    const last = fields.last ?? fields.first;
    const tell = (id: number): void => {
      const handler = this.#unsettled.get(id);
      if (handler === undefined) return;
      if (fields.settled === true) this.#unsettled.delete(id);
      handler(fields.state, fields.settled === true);
    };
    // A range is the peer's word: never walk further than what is open.
    if (last - fields.first < this.#unsettled.size) for (let id = fields.first; id <= last; id++) tell(id);
    else for (const id of this.#unsettled.keys()) if (id >= fields.first && id <= last) tell(id);
  }

  // rhea hands raw bytes over only for formats other than 0, so every transfer is given format 1 on its way in. What
  // goes beyond the link's limit is counted but not kept: the message is refused when it is complete.
  #onTransfer(frame: TransferFrame, link: AmqpLink, pass: (frame: TransferFrame, link: AmqpLink) => void): void {
    const { performative } = frame;
    const before = this.#arriving.get(link) ?? 0;
    if (before === 0) this.#formats.set(link, performative.message_format ?? 0);
    const size = before + (frame.payload?.length ?? 0);
    this.#arriving.set(link, performative.more === true ? size : 0);
    this.#sizes.set(link, size);
    performative.message_format = 1;
    pass(size > this.#limitOf(link) ? { performative, payload: Buffer.alloc(0) } : frame, link);
  }
}
