import type { Clock } from '../../base/clock.ts';
import type { Database, Statement } from '../../base/sqlite.ts';

// A stamp is a time in microseconds since 1970 that is handed out once and never again, also across restarts and when
// the clock jumps back. It is the file id, the content id and the ETag; 2^53 microseconds last until the year 2255.

/**
 * How far ahead the file says stamps may have been given out, so that a restart after a backward jump repeats none. After a
 * crash times run ahead of the clock by that much, and by more with every crash that follows at once: so it is short.
 */
const reserved = 1_000_000;

export class Stamps {
  readonly #clock: Clock;
  readonly #save: Statement;
  #last: number;
  #high: number;

  constructor(db: Database, clock: Clock) {
    this.#clock = clock;
    this.#save = db.prepare('UPDATE stamp SET high = ?');
    this.#last = Number(db.prepare('SELECT high FROM stamp').get()?.['high'] ?? 0);
    this.#high = this.#last;
    this.reserve();
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, this.#clock.now() * 1000);
    return this.#last;
  }

  /** True when the reserve is half used up: `reserve` must then be part of the next transaction, before any `next`. */
  get low(): boolean {
    return Math.max(this.#last, this.#clock.now() * 1000) + reserved / 2 > this.#high;
  }

  reserve(): void {
    this.#high = Math.max(this.#last, this.#clock.now() * 1000) + reserved;
    this.#save.run(this.#high);
  }

  /** For a transaction that failed: nothing is reserved. */
  forget(): void {
    this.#high = 0;
  }
}

export function etagOf(stamp: number): string {
  return `"0x${stamp.toString(16).toUpperCase()}"`;
}

let isoSecond = -1;
let isoText = '';

/** The form of `x-ms-file-*-time`: seven decimals, for example `2026-11-26T01:19:16.1234560Z`. */
export function isoOf(stamp: number): string {
  const second = Math.floor(stamp / 1_000_000);
  if (second !== isoSecond) {
    isoText = new Date(second * 1000).toISOString().slice(0, 20);
    isoSecond = second;
  }
  return `${isoText}${String(stamp - second * 1_000_000).padStart(6, '0')}0Z`;
}

/** The stamp that `isoOf` wrote, or undefined if the text is no time. */
export function stampOf(text: string): number | undefined {
  const iso = normalIso(text);
  if (iso === undefined) return undefined;
  return Math.floor(Date.parse(iso) / 1000) * 1_000_000 + Number(iso.slice(20, 26));
}

let dateSecond = -1;
let dateText = '';

/** The form of `Last-Modified`. */
export function httpDateOf(stamp: number): string {
  const second = Math.floor(stamp / 1_000_000);
  if (second !== dateSecond) {
    dateText = new Date(second * 1000).toUTCString();
    dateSecond = second;
  }
  return dateText;
}

/** Where the times of SMB begin. */
const firstYear = '1601';

const isoPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/;

/** A time from a request in the form that `isoOf` gives, or undefined if it is none. */
export function normalIso(text: string): string | undefined {
  const match = isoPattern.exec(text);
  if (match === null || Number.isNaN(Date.parse(text)) || text < firstYear) return undefined;
  return `${match[1]}.${(match[2] ?? '').padEnd(7, '0')}Z`;
}
