import type { Random } from '../../base/random.ts';
import { randomInt } from '../../base/random.ts';
import type { RetryOptions } from './rpc.ts';

export interface RetryPolicy {
  /** -1 for ever. */
  readonly most: number;
  /** Milliseconds to wait before retry number `count` (1 is the first). */
  delay(count: number): number;
}

export function retryPolicy(options: RetryOptions, random: Random): RetryPolicy {
  const most = options.maxRetryCount;
  if (options.retryStrategy.toLowerCase() === 'fixeddelay')
    return { most, delay: () => (options.delayInterval?.seconds ?? 0) * 1000 };
  const least = (options.minimumInterval?.seconds ?? 0) * 1000;
  const greatest = (options.maximumInterval?.seconds ?? 0) * 1000;
  return {
    most,
    delay(count) {
      // Doubling from the minimum, each step spread by a fifth either way, so that failed calls do not come back together.
      const spread = 0.8 + (randomInt(random, 1000) / 1000) * 0.4;
      return Math.min(greatest, least + Math.min(2 ** (count - 1) - 1, 2 ** 30) * 1000 * spread);
    },
  };
}

export function wantsRetry(policy: RetryPolicy, count: number): boolean {
  return policy.most < 0 || count < policy.most;
}
