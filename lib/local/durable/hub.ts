// What the parts of one task hub share.
import type { HostContext } from '../functions-host/extension.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { DurableFunctions } from './functions.ts';
import type { Store } from './store.ts';

export interface Hub {
  readonly store: Store;
  readonly functions: DurableFunctions;
  readonly host: Pick<HostContext, 'clock' | 'invoke' | 'log' | 'waits' | 'hostSettings' | 'faults'>;
  readonly guid: () => string;
  readonly cookies: CookieJar;
  /** Aborted: the host stops, and what fails from here on counts as never begun. */
  readonly stopping: AbortSignal;
  /** An instance has something in its inbox. */
  readonly news: (instance: string) => void;
  /** An activity is in the queue. */
  readonly queued: (seq: number) => void;
  /** An activity has been begun at that time, and nobody will hear of its end: it is begun again in its time. */
  readonly again: (seq: number, startedAt: number) => void;
  /** Work that a stop waits for, and nobody else. */
  readonly settle: (work: Promise<void>) => void;
  /** A timer was made. */
  readonly due: (at: number) => void;
}

/** 32 hex digits, as the extension names executions that it starts itself, and instances that nobody names. */
export function shortGuid(hub: Pick<Hub, 'guid'>): string {
  return hub.guid().replaceAll('-', '');
}
