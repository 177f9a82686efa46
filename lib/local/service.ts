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

/** By TLS too, where clients insist on it: the port (0: any free one), and the key and certificate there (PEM). */
export interface Secure {
  readonly port: number;
  readonly key: string;
  readonly cert: string;
}
