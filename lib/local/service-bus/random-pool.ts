import type { Random } from '../../base/random.ts';

const poolBytes = 4096;

/** The same randomness, fetched in larger pieces: asking the system for sixteen bytes costs as much as a message does. */
export function pooled(random: Random): Random {
  let spare = new Uint8Array(0);
  return {
    bytes(length) {
      if (length > poolBytes) return random.bytes(length);
      if (spare.length < length) spare = new Uint8Array(random.bytes(poolBytes));
      const taken = spare.slice(0, length);
      spare = spare.subarray(length);
      return taken;
    },
  };
}
