import { randomBytes } from 'node:crypto';

/** Randomness is passed in everywhere, so that one seed is one run. */
export interface Random {
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** `length` random bytes as lower-case hex; ids of nodes, endpoints and slots are made this way. */
export function randomHex(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('hex');
}

/** A uniform integer in [0, bound), for jitter and for tests. `bound` at most 2^32. */
export function randomInt(random: Random, bound: number): number {
  return Math.floor((Buffer.from(random.bytes(4)).readUInt32LE(0) / 2 ** 32) * bound);
}

/** A seeded generator (sfc32): the same seed gives the same bytes on every machine. Never for secrets. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i += 4) {
        const word = next();
        for (let j = i; j < Math.min(i + 4, length); j++) out[j] = (word >>> ((j - i) * 8)) & 0xff;
      }
      return out;
    },
  };
}
