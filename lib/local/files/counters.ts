/** What happened since the start. `commits` are transactions, `writes` the requests that shared them. */
export class Counters {
  readonly requests: Record<string, number> = {};
  errors: Record<string, number> = {};
  writes = 0;
  commits = 0;
  bytesIn = 0;
  bytesOut = 0;

  count(operation: string): void {
    this.requests[operation] = (this.requests[operation] ?? 0) + 1;
  }

  refused(code: string): void {
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }
}
