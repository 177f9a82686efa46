import type { Clock } from '../../base/clock.ts';
import type { Backend } from '../backend.ts';
import type { Online } from '../online.ts';
import type { State } from '../state/state.ts';

export interface OutboxOptions {
  readonly state: State;
  readonly backend: Backend;
  readonly online: Online;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly group: string;
  readonly privateKey: string;
  readonly resendMs: number;
  /** True while more operations are on their way here. */
  readonly more: () => boolean;
}
