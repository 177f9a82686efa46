// What a committer works with: one group's rows and share, the world passed in.
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { randomHex, type Random } from '../base/random.ts';
import type { Changes, Events, Share, Sites, Table } from './ports.ts';
import type { CloudSettings } from './settings.ts';
import { emptyCache, type RowCache } from './view.ts';

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
  /** A hint per group and instance; losing it costs reads. */
  readonly caches: Map<string, RowCache>;
}

export function cacheOf(cloud: Cloud, group: string): RowCache {
  let cache = cloud.caches.get(group);
  if (cache === undefined) cloud.caches.set(group, (cache = emptyCache()));
  return cache;
}

export function newTxnId(cloud: Cloud): string {
  return randomHex(cloud.random, 12);
}

/** Ids for nodes that the backend makes: conflict copies and what was found on the share. */
export function newNodeId(cloud: Cloud): string {
  return `cloud-${randomHex(cloud.random, 12)}`;
}
