import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Backend } from './backend.ts';
import type { Accounts } from './fs/accounts.ts';
import type { SiteFs } from './fs/port.ts';
import type { StartWatch } from './fs/watch-port.ts';

export interface AgentOptions {
  /** The endpoint's id, as the backend enrolled it. */
  readonly endpoint: string;
  /** PKCS#8, base64: signs what is sent. */
  readonly privateKey: string;
  /** The state's file, or ':memory:'. */
  readonly stateFile: string;
  readonly fs: SiteFs;
  /** Where owners are mapped: who is who here. Else they are left as they are. */
  readonly accounts?: Accounts | undefined;
  readonly startWatch: StartWatch;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
