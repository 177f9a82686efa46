// How long the host waits for what. Microsoft's figures are right for its cloud, too long for a person at a terminal and far
// too long for a test; so they are settings, and nothing else in the host knows a figure of its own.

/** In milliseconds. */
export interface HostWaits {
  /** At a stop: what running HTTP requests get before they are reset. Timers and messages go on meanwhile. */
  readonly httpMs: number;
  /** Then: what each listener gets for the function it is running. */
  readonly listenersMs: number;
  /** Then: whatever else still runs. */
  readonly drainMs: number;
  /** Then: the app's terminate hooks. */
  readonly terminateMs: number;
  /** How long the timers of a host that was killed remain its own. */
  readonly leaseMs: number;
  /** After which work that a killed host had begun is begun again, where no broker holds a lock on it. */
  readonly rerunMs: number;
  /** Between two looks at an invalid host.json: doubling from the first to the last. */
  readonly invalid: { readonly firstMs: number; readonly lastMs: number };
  /** Before a worker that died is replaced, doubling while it keeps dying. */
  readonly restart: { readonly firstMs: number; readonly lastMs: number };
  /** So many starts of the worker in a row may fail before the host gives up. */
  readonly failedStarts: number;
}

/** As observed on Microsoft's host. */
export const realWaits: HostWaits = {
  httpMs: 30_000,
  listenersMs: 30_000,
  drainMs: 10_000,
  terminateMs: 5_000,
  leaseMs: 62_000,
  rerunMs: 300_000,
  invalid: { firstMs: 1_000, lastMs: 120_000 },
  restart: { firstMs: 300, lastMs: 30_000 },
  failedStarts: 3,
};

/**
 * For a hub: it must stop within seconds, its data directory has one holder at a time (so that who held the timers before
 * is gone for certain), and it never gives up.
 */
export const hubWaits: HostWaits = {
  ...realWaits,
  httpMs: 1_000,
  listenersMs: 3_000,
  drainMs: 500,
  terminateMs: 1_000,
  leaseMs: 0,
  rerunMs: 1_000,
  failedStarts: Infinity,
};

/** All of `waits` in the same proportion: `scaledWaits(realWaits, 0.01)` is an hour in 36 s. */
export function scaledWaits(waits: HostWaits, scale: number): HostWaits {
  const span = ({ firstMs, lastMs }: { firstMs: number; lastMs: number }) => ({
    firstMs: firstMs * scale,
    lastMs: lastMs * scale,
  });
  return {
    httpMs: waits.httpMs * scale,
    listenersMs: waits.listenersMs * scale,
    drainMs: waits.drainMs * scale,
    terminateMs: waits.terminateMs * scale,
    leaseMs: waits.leaseMs * scale,
    rerunMs: waits.rerunMs * scale,
    invalid: span(waits.invalid),
    restart: span(waits.restart),
    failedStarts: waits.failedStarts,
  };
}
