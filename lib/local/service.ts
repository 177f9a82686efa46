// What every embedded service offers to the one who runs it.

export interface LocalService {
  readonly name: string;
  readonly port: number;
  /** What it did since it started: numbers, some of them in records by name. */
  readonly counters: object;
  /** Stops listening, ends connections, flushes and closes the state. Safe to call twice. */
  stop(): Promise<void>;
}

/** The account of the embedded tables and files: one name, one key (base64), random per data directory. */
export interface Account {
  readonly name: string;
  readonly key: string;
}
