import type { Delivery } from './store.ts';

/** How many events an endpoint wants in one request; alone unless it says so. */
export interface BatchSize {
  /** 1 to 5000. */
  readonly maxEventsPerBatch?: number | undefined;
  /** 1 to 1024. A wish: an event that is larger goes alone. */
  readonly preferredBatchSizeInKilobytes?: number | undefined;
}

export function isBatching({ maxEventsPerBatch = 1 }: BatchSize): boolean {
  return maxEventsPerBatch > 1;
}

/** Deliveries in their order, as full as they may be; none waits for more to come, and none mixes schemas. */
export function batchesOf(deliveries: readonly Delivery[], size: BatchSize): readonly (readonly Delivery[])[] {
  const { maxEventsPerBatch = 1, preferredBatchSizeInKilobytes = 64 } = size;
  const batches: Delivery[][] = [];
  let bytes = Infinity;
  for (const delivery of deliveries) {
    const more = Buffer.byteLength(delivery.body);
    const last = batches.at(-1);
    bytes += more;
    const fits = bytes <= preferredBatchSizeInKilobytes * 1024 && last?.[0]?.schema === delivery.schema;
    if (last !== undefined && last.length < maxEventsPerBatch && fits) last.push(delivery);
    else {
      batches.push([delivery]);
      bytes = more;
    }
  }
  return batches;
}
