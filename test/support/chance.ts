import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';

/** Choices of one seed. */
export class Chance {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(bound: number): number {
    return randomInt(this.#random, bound);
  }

  /** True in `percent` of 100 cases. */
  is(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** Undefined where there is nothing to pick from. */
  pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[this.below(from.length)];
  }
}
