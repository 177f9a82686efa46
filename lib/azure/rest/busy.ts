/** Throttled, or an error of the service itself: the same request may go through later. */
export function isBusy(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
