// Where a fault can be planted: each of these wraps a part of the world for code that is not to know.
import type { Backend } from '../../lib/agent/backend.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import type { State } from '../../lib/agent/state/state.ts';
import type { Share, Table } from '../../lib/cloud/ports.ts';
import type { MemoryShare } from '../support/memory-share.ts';

export interface Plants {
  table(table: Table): Table;
  share(share: Share): Share;
  backend(backend: Backend, share: MemoryShare): Backend;
  fs(fs: SiteFs): SiteFs;
  state(state: State): State;
  /** What the committer gets of the queue; `keyOf` answers the private key of an endpoint. */
  message(body: unknown, keyOf: (endpoint: string) => string | undefined): unknown;
}

export const nothingPlanted: Plants = {
  table: (table) => table,
  share: (share) => share,
  backend: (backend) => backend,
  fs: (fs) => fs,
  state: (state) => state,
  message: (body) => body,
};
