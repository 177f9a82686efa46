// What became of every content that anybody ever saved. Contents are made unique, so that each can be followed by its hash.
import { hashOf } from '../support/endpoint.ts';

/** As agents hash: so a log row's hash is a key, too. */
export const keyOf = hashOf;

export class Ledger {
  /** Every state that any file ever had by somebody's hand: what else turns up at a path is a partial or invented file. */
  readonly known = new Map<string, string>();
  /** What somebody saved and closed: it must live on, unless somebody who saw it replaced or deleted it. */
  readonly made = new Set<string>();
  /** How often it was replaced or deleted by somebody who saw it, at a site or on the share, and not made again by him. */
  readonly #destroyed = new Map<string, number>();
  /** Made by somebody who had seen it before: it may be at several places, and live although another one took it away. */
  readonly again = new Set<string>();
  /** The same on the share itself, where nothing keeps the old version. */
  readonly erased = new Map<string, string>();
  /** A power loss took it from a site before it was on disk: it may live or not. */
  readonly lost = new Set<string>();
  /**
   * It may live although somebody took it away: it was at a site that lost power, and the agent there may have forgotten
   * that it knew it; or it was renamed on the share.
   */
  readonly back = new Set<string>();

  /** A state in the middle of somebody's work. */
  seen(bytes: Uint8Array, what: string): string {
    const key = keyOf(bytes);
    if (!this.known.has(key)) this.known.set(key, what);
    return key;
  }

  save(bytes: Uint8Array, what: string): void {
    this.made.add(this.seen(bytes, what));
  }

  destroy(bytes: Uint8Array): void {
    this.#count(keyOf(bytes), 1);
  }

  /** What he had taken away before, he wants again; `taken` is false where it is one more of what is there. */
  remake(bytes: Uint8Array, taken: boolean, what: string): void {
    const key = this.seen(bytes, what);
    this.made.add(key);
    this.again.add(key);
    if (taken) this.#count(key, -1);
  }

  isDestroyed(key: string): boolean {
    return (this.#destroyed.get(key) ?? 0) > 0;
  }

  erase(bytes: Uint8Array): void {
    this.destroy(bytes);
    this.erased.set(keyOf(bytes), Buffer.from(bytes).toString());
  }

  lose(bytes: Uint8Array): void {
    this.lost.add(keyOf(bytes));
  }

  bringBack(bytes: Uint8Array): void {
    this.back.add(keyOf(bytes));
  }

  /** Somebody may have forgotten what he had taken away, or seen taken away; a state in the middle is content as any other. */
  bringBackAll(): void {
    for (const key of this.known.keys()) this.back.add(key);
  }

  #count(key: string, by: number): void {
    this.#destroyed.set(key, (this.#destroyed.get(key) ?? 0) + by);
  }

  name(key: string): string {
    return this.known.get(key) ?? `unknown ${key.slice(0, 8)}`;
  }
}
