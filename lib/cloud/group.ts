// What a committer works with: one group's rows and share, the world passed in.
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { randomHex, type Random } from '../base/random.ts';
import type { Changes, Events, Share, Sites, Table } from './ports.ts';
import type { CloudSettings } from './settings.ts';
import { emptyCache, type RowCache } from './cached-rows.ts';

export interface Cloud {
  readonly table: Table;
  /** The share of a group, by the name its `group` row gives. */
  share(shareName: string): Share;
  readonly events: Events;
  readonly sites: Sites;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: CloudSettings;
  /** The backend's own key pair, for what it sends itself. */
  readonly keys: { readonly privateKey: string; readonly publicKey: string };
  /** A hint per group and instance, see `takeCache`; losing it costs reads. */
  readonly caches: Map<string, RowCache>;
}

/**
 * Taken out for the time of a turn, and put back when it is over: a committer that lost its turn may still be reading in the
 * same instance, and must not put what it read into the rows of the one that came after it.
 */
export function takeCache(cloud: Cloud, group: string): RowCache {
  const cache = cloud.caches.get(group);
  cloud.caches.delete(group);
  return cache ?? emptyCache();
}

export function newTxnId(cloud: Cloud): string {
  return randomHex(cloud.random, 12);
}

/** Ids for nodes that the backend makes: conflict copies and what was found on the share. */
export function newNodeId(cloud: Cloud): string {
  return `cloud-${randomHex(cloud.random, 12)}`;
}
