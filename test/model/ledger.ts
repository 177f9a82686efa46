// What became of every content that anybody ever saved. Contents are made unique, so that each can be followed by its hash.
import { hashOf } from '../support/endpoint.ts';

/** As agents hash: so a log row's hash is a key, too. */
export const keyOf = hashOf;

export class Ledger {
  /** Every state that any file ever had by somebody's hand: what else turns up at a path is a partial or invented file. */
  readonly known = new Map<string, string>();
  /** What somebody saved and closed: it must live on, unless somebody who saw it replaced or deleted it. */
  readonly made = new Set<string>();
  /** Replaced or deleted by somebody who saw it, at a site or on the share. */
  readonly destroyed = new Set<string>();
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
    this.destroyed.add(keyOf(bytes));
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

  name(key: string): string {
    return this.known.get(key) ?? `unknown ${key.slice(0, 8)}`;
  }
}
