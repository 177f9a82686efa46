// What is measured: Tideway, and each program that a user would take instead.

/** Where one system runs: a directory of its own, and in it one for each site; the first is where the works are done. */
export interface Place {
  readonly dir: string;
  readonly sites: readonly string[];
}

export interface Running {
  /** The processes that were started and have not ended; what they started is found by their pids. */
  readonly pids: () => readonly number[];
  /** Resolves when all of them have ended. */
  stop(): Promise<void>;
}

export interface System {
  readonly name: string;
  /** Rejects where it is not installed. */
  version(): Promise<string>;
  /** Makes what it needs before its first start. */
  prepare(place: Place): Promise<void>;
  /** Starts it, or starts it again. Resolves when its processes are there; whether they work yet is for the caller to see. */
  start(place: Place): Promise<Running>;
  /** It never stands still: it looks at everything every second. */
  readonly polls?: boolean;
  /** The processes that stand for the sites, where others run beside them (Tideway's hub would be in the cloud). */
  sitePids?(place: Place): readonly number[];
  /** Only of Tideway: puts a file on the share itself, and tells that. */
  edit?(place: Place, name: string, content: Buffer): Promise<void>;
}
