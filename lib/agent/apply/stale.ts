/** Not as it was planned: nothing was done, or nothing that a scan will not find. */
export class Stale extends Error {
  readonly code = 'stale';
}
