// The three trees of an endpoint, all keyed by node id: *remote* (what the log says up to the cursor), *local* (what the
// scan saw) and *synced* (what both sides agreed on last). The planner compares them; nothing else decides.
import type { Attributes, Nanoseconds, NodeId, NodeKind, NodeState } from './node.ts';

export type Remote = NodeState;

/** An entry of the site's tree. New entries have ids of their own from the start, so that children can name them. */
export interface Local extends Attributes {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: NodeKind;
  /** Of a link: its content, which needs no hash. */
  readonly target?: string | undefined;
  readonly size: number;
  readonly mtime: Nanoseconds;
  readonly mode: number;
  /** Hash of the content as it stands, null while that is not known (new, or changed since it was hashed). */
  readonly hash: string | null;
  /** False while a writer is at it: nothing is sent and nothing is done to it until it settles. */
  readonly settled: boolean;
}

/** The last agreed state; `version` is the content version both sides had. */
export interface Synced extends Attributes {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: NodeKind;
  readonly target?: string | undefined;
  readonly version: number;
  readonly size: number;
  readonly mtime: Nanoseconds;
  readonly mode: number;
  readonly hash: string | null;
}

/** Read access to the trees as of one moment. Children come in any order. `root` is in none of the trees and always there. */
export interface Trees {
  local(id: NodeId): Local | undefined;
  synced(id: NodeId): Synced | undefined;
  remote(id: NodeId): Remote | undefined;
  localAt(parent: NodeId, name: string): Local | undefined;
  remoteAt(parent: NodeId, name: string): Remote | undefined;
  localChildren(parent: NodeId): Iterable<Local>;
  remoteChildren(parent: NodeId): Iterable<Remote>;
  syncedChildren(parent: NodeId): Iterable<Synced>;
  /** True while an operation about the node waits for its outcome. */
  inFlight(id: NodeId): boolean;
  /** The node that an operation without an outcome gives this name. */
  claimed?(parent: NodeId, name: string): NodeId | undefined;
  /** The code of a problem for which the node is left alone, both ways, until it changes (excluded, refused for its name ...). */
  held?(id: NodeId): string | undefined;
}

/** What the agent asks of the others; content comes later, when it was uploaded. */
export type Proposal =
  | { readonly kind: 'create'; readonly node: NodeId }
  | { readonly kind: 'edit'; readonly node: NodeId; readonly base: number }
  | { readonly kind: 'mkdir'; readonly node: NodeId }
  | { readonly kind: 'move'; readonly node: NodeId; readonly parent: NodeId; readonly name: string }
  | { readonly kind: 'delete'; readonly node: NodeId; readonly base: number }
  | { readonly kind: 'rmdir'; readonly node: NodeId }
  | { readonly kind: 'attributes'; readonly node: NodeId; readonly base: number };

/** What the agent does to its own site; each is re-checked against the file system right before it is done. */
export type Action =
  | { readonly kind: 'mkdir'; readonly node: NodeId }
  /** A file that is not here yet. */
  | { readonly kind: 'fetch'; readonly node: NodeId }
  /** New content for a file that is here, unchanged since it was synced. */
  | { readonly kind: 'replace'; readonly node: NodeId }
  | { readonly kind: 'move'; readonly node: NodeId; readonly parent: NodeId; readonly name: string }
  /** Out of the way under a temporary name of ours, because names go round in a circle; a `move` follows. */
  | { readonly kind: 'park'; readonly node: NodeId }
  | { readonly kind: 'remove'; readonly node: NodeId }
  | { readonly kind: 'rmdir'; readonly node: NodeId }
  | { readonly kind: 'attributes'; readonly node: NodeId };

export interface Plan {
  /** In an order in which the committer can take them: what frees a name before what takes it, parents before children. */
  readonly proposals: readonly Proposal[];
  /** In an order in which the site can take them; independent ones may run side by side. */
  readonly actions: readonly Action[];
  /** Already equal on both sides: the synced tree moves without any work. `null` forgets the node. */
  readonly agreed: readonly { readonly id: NodeId; readonly synced: Synced | null }[];
  /** The same thing made at both sides: the local entry `from` is the remote node `to` from now on (`agreed` has its state). */
  readonly adopted: readonly { readonly from: NodeId; readonly to: NodeId }[];
  /** Local files whose hash must be known before anything can be decided. */
  readonly hash: readonly NodeId[];
  /** Nodes that cannot be decided yet (in flight, unsettled, waiting for a name or a parent): plan them again later. */
  readonly later: readonly NodeId[];
  readonly problems: readonly { readonly node: NodeId; readonly code: string }[];
}
