import type { Halt } from './safety/halt.ts';
import type { Problem } from './problems.ts';
import type { KnownConflict } from './state/notes.ts';

export type AgentState = 'starting' | 'syncing' | 'idle' | 'paused' | 'halted' | 'offline';

export interface AgentStatus {
  readonly state: AgentState;
  /** Sequence number of the last log row that is in the remote tree. */
  readonly cursor: number;
  /** Changes of this site on their way to the log. */
  readonly pendingUploads: number;
  /** Changes of others on their way to this site. */
  readonly pendingDownloads: number;
  /** All that is to be done, whether or not it is known which way; 0 when idle. Problems are not pending. */
  readonly pending: number;
  readonly problems: readonly Problem[];
  /** Conflict copies that are still there, with their paths at this site. */
  readonly conflicts: readonly (KnownConflict & { readonly path: string })[];
  readonly files: number;
  readonly halt: Halt | undefined;
  /** Milliseconds since 1970: everything that was here or in the log then is at both sides. 0: never yet. */
  readonly inSyncAsOf: number;
}
