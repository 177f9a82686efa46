// The backend as the agent sees it. One real implementation (HTTP API, table and share by SAS, Service Bus), one for the
// deterministic simulator. Every call may fail with a TidewayError; `retry` in its code table says what is worth repeating.
import type { Attributes, NodeState } from '../core/node.ts';
import type { Held, Stopped } from '../protocol/brakes.ts';
import type { Envelope } from '../protocol/message.ts';
import type { Hint } from '../protocol/hint.ts';
import type { LogRow } from '../protocol/log-row.ts';

export interface Head {
  readonly committedSeq: number;
  /** Id of the share's life: another one than last time halts the endpoint. */
  readonly epoch: string;
  /** Rows up to this sequence are gone: a cursor below it needs a full resync (I13). */
  readonly floor: number;
  /** Set while this endpoint's operations are not taken. */
  readonly held?: Held | undefined;
  /** Set while nothing is committed in the group. */
  readonly stopped?: Stopped | undefined;
}

export interface Settings {
  readonly group: string;
  readonly server: string;
  readonly exclude: readonly string[];
  readonly pollActiveMs: number;
  readonly pollIdleMs: number;
  /** An outbox without progress is sent again after this, doubling to 15 min. */
  readonly resendMs: number;
}

/** Where the bytes of an upload go: one request makes its file, whether that is answered or not. */
export interface Slot {
  readonly slot: string;
}

export interface StagedProperties extends Attributes {
  readonly node: string;
  readonly name: string;
  /** Nanoseconds. */
  readonly mtime: string;
  readonly mode: number;
}

export interface Backend {
  /**
   * Compare-and-set of the incarnation (0 asks for a new one); answers it with the last number the committer has seen of it.
   * Rejects with code `clone` when another holder has it.
   */
  incarnation(holder: string, incarnation: number): Promise<{ incarnation: number; n: number }>;
  settings(): Promise<Settings>;
  head(): Promise<Head>;
  /** A person has looked: what is held goes on, if it can. Rejects with the code of what is still wrong. */
  release(): Promise<void>;
  /** Rows after `after` in order, at most `limit`, without a gap; fewer when there are no more. */
  readLog(after: number, limit: number): Promise<readonly LogRow[]>;
  /** The whole namespace, alive nodes only, parents before or after children; for the first sync and for a resync. */
  readNamespace(onNodes: (nodes: readonly NodeState[]) => Promise<void>): Promise<void>;
  /** Sends one signed batch; resolves when the queue has it. */
  send(envelope: Envelope): Promise<void>;
  /** Calls back for every hint until closed; reconnects by itself. */
  listen(onHint: (hint: Hint) => void): Promise<{ close(): Promise<void> }>;
  /** A fresh slot; they are fetched in batches ahead of need. */
  slot(): Promise<Slot>;
  /** Uploads a whole small content in one request; answers the ETag. */
  stageWhole(slot: Slot, bytes: Uint8Array, properties: StagedProperties): Promise<string>;
  /** Makes a staged file of `size` bytes, all of them a hole. */
  stageCreate(slot: Slot, size: number, properties: StagedProperties): Promise<void>;
  /** Writes up to one block. */
  stageRange(slot: Slot, offset: number, bytes: Uint8Array): Promise<void>;
  /** The ETag of the staged file after its last range. */
  stageEtag(slot: Slot): Promise<string>;
  /** Stages the block list that belongs to the slot. */
  stageBlocks(slot: Slot, list: Uint8Array): Promise<void>;
  /**
   * Bytes [offset, offset + length) of the file at a share path; code `changed` when its ETag is not `etag` (I17),
   * `absent` when nothing is there. A shorter answer than asked is an error, never zeros.
   */
  download(path: string, etag: string, offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
