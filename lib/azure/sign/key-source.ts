// Where the keys of signatures come from: a setting, or the service itself, asked ahead of need.
import type { StorageService } from '../settings.ts';
import { askDelegationKey } from './delegation.ts';
import type { SigningKey } from './signed.ts';

const day = 24 * 3600_000;
/** The longest that the service gives a key for. */
const longestMs = 7 * day;
/** A key is asked for anew when it is older than this: signatures are good for six days at least. */
const renewMs = day;
/** Clocks differ: a key begins earlier, and ends earlier than seven days from now by our clock. */
const skewMs = 15 * 60_000;

export interface KeySource {
  /** A key for signatures made at `now` (ms since 1970). Errors: `delegation_refused`, those of the network. */
  at(now: number): Promise<SigningKey>;
}

/** One key for all signatures of a service, renewed ahead of need. */
export function keySource(service: StorageService): KeySource {
  const { signing } = service;
  if (signing.kind === 'accountKey') {
    const key: SigningKey = { key: signing.key, expires: Infinity };
    return { at: () => Promise.resolve(key) };
  }
  let kept: { readonly asked: number; readonly key: Promise<SigningKey> } | undefined;
  return {
    at: (now) => {
      if (kept !== undefined && now - kept.asked < renewMs && now >= kept.asked) return kept.key;
      const key = askDelegationKey(service, now - skewMs, now + longestMs - skewMs);
      const mine = { asked: now, key };
      kept = mine;
      key.catch(() => {
        if (kept === mine) kept = undefined;
      });
      return key;
    },
  };
}
