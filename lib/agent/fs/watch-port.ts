// Watching: an event is a hint where to look, never a fact about content; the scan is the truth.

export type WatchEvent =
  /** Something may have changed at `path`: appeared, vanished, moved in or out, or its attributes. Scan it (and below, if a directory). */
  | { readonly kind: 'changed'; readonly path: string }
  /** Bytes were written; the writer still has it open. */
  | { readonly kind: 'written'; readonly path: string }
  /** A writer closed the file: it is settled. */
  | { readonly kind: 'closed'; readonly path: string }
  /** Both ends of one rename, in one event, so that no scan sees only the half of it. */
  | { readonly kind: 'moved'; readonly from: string; readonly to: string }
  /** Events were lost: rescan everything. */
  | { readonly kind: 'overflow' }
  /** The kernel refuses more watches at `path`: from now on poll. */
  | { readonly kind: 'limit'; readonly path: string }
  /** The root itself was moved, deleted or unmounted. */
  | { readonly kind: 'gone' };

export interface Watch {
  /**
   * Starts watching directories. The scanner calls it before it lists them, so that nothing falls between listing and
   * watching. Idempotent; a directory that vanished meanwhile is no error.
   */
  add(...dirs: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** `onEvents` gets everything the kernel had ready, in order. */
export type StartWatch = (onEvents: (events: readonly WatchEvent[]) => void) => Promise<Watch>;
