import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Authorizer } from './authorize.ts';
import type { Reply } from './reply.ts';
import type { Request } from './request.ts';
import type { Smb } from './smb.ts';
import type { Store } from './store.ts';
import type { Sweeper } from './sweeper.ts';

export interface Call {
  readonly store: Store;
  readonly request: Request;
  readonly body: Uint8Array;
  readonly authorizer: Authorizer;
  readonly smb: Smb;
  readonly sweeper: Sweeper;
  /** Milliseconds that a deleted share can be restored. */
  readonly retention: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly account: string;
  /** URL of the account with a slash at its end: what listings name. */
  readonly endpoint: string;
}

export interface Operation {
  readonly name: string;
  /** Letters of a SAS, any of which is enough. */
  readonly permissions: string;
  /** False for what a service SAS can never do. */
  readonly accountOnly?: boolean;
  run(call: Call): Reply | Promise<Reply>;
}
