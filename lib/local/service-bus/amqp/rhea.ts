// The only file that knows the inside of rhea. The package is made for clients and small servers: it decodes every
// message, keeps every delivery in a ring that frees from its head alone, and merges neighbouring dispositions without
// looking whether they say the same. A broker can afford none of the three, so deliveries, dispositions and raw payloads
// are handled here and in transfers.ts, over the frames and the link state of rhea.
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import rhea from 'rhea';
import type { Performative } from 'rhea/lib/frames.js';
import { messageOf } from '../../../base/errors.ts';
import { decodeError } from './error.ts';
import type { AmqpError } from './error.ts';

/** A described or typed value as rhea keeps it. */
export interface Typed {
  readonly value: unknown;
  readonly descriptor?: { readonly value: number | string } | undefined;
}

interface Terminus {
  readonly address?: string | undefined;
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
}

export interface AmqpLink {
  readonly name: string;
  readonly session: AmqpSession;
  readonly connection: AmqpConnection;
  readonly source: Terminus | null | undefined;
  readonly target: Terminus | null | undefined;
  readonly snd_settle_mode: number | undefined;
  readonly rcv_settle_mode: number | undefined;
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  readonly local: { readonly handle: number; readonly attach: Record<string, unknown> };
  readonly state: { local_open: boolean; open_requests: number };
  /** On a link that we send on: how many deliveries the peer still allows. */
  credit: number;
  delivery_count: number;
  readonly _draining: boolean | undefined;
  _get_drain: () => boolean;
  set_source(fields: object): void;
  set_target(fields: object): void;
  add_credit(credit: number): void;
  open(): void;
  close(error?: { condition: string; description: string }): void;
  is_closed(): boolean;
  is_receiver(): boolean;
}

export interface TransferFrame {
  readonly performative: {
    message_format: number | undefined;
    readonly delivery_id: number | undefined;
    readonly more: boolean | undefined;
  };
  readonly payload: Buffer | undefined;
}

export interface DispositionFields {
  readonly first: number;
  readonly last: number | undefined;
  readonly settled: boolean | undefined;
  readonly state: Typed | undefined;
}

export interface AmqpSession {
  readonly connection: AmqpConnection;
  readonly incoming: {
    next_transfer_id: number;
    next_delivery_id: number | undefined;
    on_transfer: (frame: TransferFrame, link: AmqpLink) => void;
  };
  readonly outgoing: {
    next_transfer_id: number;
    window: number;
    transfer_window(): number;
    on_flow: (fields: unknown) => void;
    on_disposition: (fields: DispositionFields) => void;
  };
  output(frame: Performative, payload?: Buffer): void;
  _write_flow(link?: AmqpLink): void;
}

export interface AmqpConnection {
  readonly options: { readonly id: string };
  readonly socket: Socket;
  readonly max_frame_size: number | undefined;
  readonly container_id: string | undefined;
  close(error?: { condition: string; description: string }): void;
  is_open(): boolean;
  _register(): void;
}

export interface ServerConnection extends AmqpConnection, EventEmitter {
  /** Length that the frame being read announces. */
  readonly frame_size: number | undefined;
  accept(socket: Socket): ServerConnection;
  /** Ends timers and tells `disconnected`; rhea itself does so for the end of a socket, not for a destroyed one. */
  _disconnected(): void;
}

/** A delivery that came in; `message` of its event is the raw payload (see transfers.ts). */
export interface IncomingDelivery {
  readonly id: number;
  readonly remote_settled: boolean;
  settled: boolean;
}

export interface LinkEvent {
  readonly connection: AmqpConnection;
  readonly session: AmqpSession;
  readonly receiver?: AmqpLink | undefined;
  readonly sender?: AmqpLink | undefined;
  readonly delivery?: IncomingDelivery | undefined;
  readonly message?: unknown;
  readonly error?: unknown;
}

export interface DecodedMessage {
  readonly message_id?: string | number | Buffer | undefined;
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
  readonly reply_to?: string | undefined;
  readonly correlation_id?: string | number | Buffer | undefined;
  readonly content_type?: string | undefined;
  readonly group_id?: string | undefined;
  readonly reply_to_group_id?: string | undefined;
  readonly ttl?: number | undefined;
  readonly message_annotations?: Readonly<Record<string, unknown>> | undefined;
  readonly application_properties?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}

export const types = rhea.types;

/** A value to write. rhea takes any whole number for an integer, and cannot write those that no integer type holds. */
export function typed(value: unknown): Typed {
  const isDouble = typeof value === 'number' && !Number.isSafeInteger(value);
  return isDouble ? types.wrap_double(value) : types.wrap(value);
}

/** Payloads are decoded for reading alone; see sections.ts for what is sent on. Throws `amqp:decode-error`. */
export function decodeMessage(bytes: Buffer): DecodedMessage {
  try {
    return rhea.message.decode(bytes) as unknown as DecodedMessage;
  } catch (error) {
    throw decodeError(messageOf(error));
  }
}

export function encodeMessage(message: object): Buffer {
  return rhea.message.encode(message as Parameters<typeof rhea.message.encode>[0]) as unknown as Buffer;
}

export function createContainer(options: object): EventEmitter & {
  sasl_server_mechanisms: Record<string, unknown> & { enable_anonymous(): void };
  create_connection(options: object): ServerConnection;
} {
  guardArrays();
  guardMaps();
  return rhea.create_container(options) as unknown as ReturnType<typeof createContainer>;
}

// Elements of some types take no bytes, so that a short frame can announce more of them than memory holds; and frames
// are decoded before anybody has shown a token. All others run out of bytes first.
const mostEmptyElements = 1000;

function guardArrays(): void {
  const { Reader } = types as unknown as { Reader: { prototype: ArrayReader } };
  const { prototype } = Reader;
  if (prototype.guarded === true) return;
  prototype.guarded = true;
  const { read_array_items: read } = prototype;
  prototype.read_array_items = function (count, type) {
    if (type.width === 0 && count > mostEmptyElements) throw decodeError('an array has too many elements');
    return read.call(this, count, type);
  };
}

interface ArrayReader {
  guarded?: boolean;
  read_array_items: (this: unknown, count: number, type: { readonly width: number }) => unknown[];
}

// A map whose sender calls a key `__proto__` would get the value of it as its prototype: an object that looks like bytes
// or a time, and is none. Made anew, it has all its keys as its own.
function guardMaps(): void {
  const unwrapping = types as unknown as Unwrapping;
  if (unwrapping.guarded === true) return;
  unwrapping.guarded = true;
  const { unwrap } = unwrapping;
  const mapOf = ({ value }: TypedMap): unknown => {
    const elements = value.map((element) => unwrapping.unwrap(element, true));
    const pairs = Array.from({ length: Math.floor(elements.length / 2) }, (_, i) => elements.slice(2 * i, 2 * i + 2));
    return Object.fromEntries(pairs as [string, unknown][]);
  };
  unwrapping.unwrap = (value, leaveDescribed) => {
    const isMap = value instanceof Typed && unwrapping.is_map(value as TypedMap);
    const stays = isMap && leaveDescribed === true && (value as TypedMap).descriptor !== undefined;
    return isMap && !stays ? mapOf(value as TypedMap) : unwrap(value, leaveDescribed);
  };
  unwrapping.unwrap_map_simple = mapOf;
}

const Typed = types.wrap_uint(0).constructor as new () => object;

interface TypedMap {
  readonly value: readonly unknown[];
  readonly descriptor?: unknown;
}

interface Unwrapping {
  guarded?: boolean;
  unwrap: (value: unknown, leaveDescribed?: boolean) => unknown;
  unwrap_map_simple: (map: TypedMap) => unknown;
  readonly is_map: (value: TypedMap) => boolean;
}

const accepted = 0x24;
const rejected = 0x25;
const released = 0x26;
const modified = 0x27;
export const outcomeCodes = { accepted, rejected, released, modified };

export function acceptedOutcome(): unknown {
  return types.described(types.wrap_ulong(accepted), types.wrap_list([]));
}

export function rejectedOutcome(error: AmqpError): unknown {
  const told = types.wrap_error({ condition: error.condition, description: error.message });
  return types.described(types.wrap_ulong(rejected), types.wrap_list([told]));
}

/** The error of a detach, end or close frame. */
export function told(error: AmqpError): { condition: string; description: string } {
  return { condition: error.condition, description: error.message };
}

/**
 * Takes back the answer that rhea gives to an attach before it tells us, so that the answer can be held until `open()`.
 * Must run in the event handler; opening a link twice would write two attach frames, which clients cannot survive.
 */
export function holdAttach(link: AmqpLink): void {
  link.state.local_open = false;
  link.state.open_requests = 0;
}

/** The fields of an outcome by name. */
export function unwrapOutcome(state: Typed): unknown {
  const message = rhea.message as unknown as { unwrap_outcome(state: Typed): unknown };
  return message.unwrap_outcome(state);
}

/** A text among the application properties of a request; '' where it is missing or of another type. */
export function textProperty(message: DecodedMessage, name: string): string {
  const value = message.application_properties?.[name];
  return typeof value === 'string' ? value : '';
}
