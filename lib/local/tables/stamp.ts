// Every write gets a *stamp*: microseconds since 1970 that never repeat, not even across restarts or when the machine's
// clock is set back. Timestamp and ETag of an entity are two spellings of it, so an ETag never comes back (no ABA).
// Azure counts 100 ns; microseconds are what a JavaScript number holds exactly.
import type { Clock } from '../../base/clock.ts';
import { refusal } from './errors.ts';

/** How far ahead of use stamps are reserved on disk: what a restart may put Timestamps ahead of the clock. */
const reserveAhead = 1_000_000;

export class Stamps {
  readonly #clock: Clock;
  readonly #reserve: (upTo: number) => void;
  #last: number;
  #reserved = 0;

  /** `last` is what `reserve` stored before; `reserve` must write into the transaction that is under way. */
  constructor(clock: Clock, last: number, reserve: (upTo: number) => void) {
    this.#clock = clock;
    this.#last = last;
    this.#reserve = reserve;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#clock.now() * 1000));
    if (this.#last > this.#reserved) {
      this.#reserved = this.#last + reserveAhead;
      this.#reserve(this.#reserved);
    }
    return this.#last;
  }

  /** The transaction that may have carried the reservation was rolled back: the next stamp reserves again. */
  forgetReservation(): void {
    this.#reserved = 0;
  }
}

/** The millisecond spelled last: a page of entities holds the same few again and again. */
let spelled = { milliseconds: Number.NaN, text: '' };

/** `2026-01-31T12:34:56.1234560Z`: seven decimals, as the service writes them. */
export function timestampOf(stamp: number): string {
  const milliseconds = Math.floor(stamp / 1000);
  if (milliseconds !== spelled.milliseconds)
    spelled = { milliseconds, text: new Date(milliseconds).toISOString().slice(0, 23) };
  return `${spelled.text}${String(stamp - milliseconds * 1000).padStart(3, '0')}0Z`;
}

export function etagOf(stamp: number): string {
  return `W/"datetime'${timestampOf(stamp).replaceAll(':', '%3A')}'"`;
}

const etagShape = /^W\/"datetime'(\d{4}-\d\d-\d\dT\d\d(?:%3A|:)\d\d(?:%3A|:)\d\d)(?:\.(\d{1,7}))?Z'"$/i;

/**
 * The stamp an If-Match names; `*` stays. A well-formed ETag that no write of ours can have had becomes NaN, which
 * equals nothing. Refuses (InvalidInput) what is no ETag of this service.
 */
export function stampOfEtag(header: string): number | '*' {
  if (header === '*') return '*';
  const [, seconds, fraction = ''] = etagShape.exec(header) ?? [];
  const at = seconds === undefined ? Number.NaN : Date.parse(`${seconds.replaceAll(/%3A/gi, ':')}Z`);
  if (Number.isNaN(at))
    throw refusal(
      'InvalidInput',
      `The etag value '${header}' specified in one of the request headers is not valid. Please make sure only one etag value is specified and is valid.`,
    );
  const ticks = Number(fraction.padEnd(7, '0'));
  return ticks % 10 === 0 ? at * 1000 + ticks / 10 : Number.NaN;
}
