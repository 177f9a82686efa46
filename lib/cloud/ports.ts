// What the backend needs of the world. lib/azure implements these with the official clients, the simulator in memory.
import type { Hint } from '../protocol/hint.ts';

/** One row of a group's partition: a JSON value under a key. */
export interface Row {
  readonly key: string;
  readonly etag: string;
  readonly value: unknown;
}

export type Write =
  /** Fails when the key is there. */
  | { readonly do: 'insert'; readonly key: string; readonly value: unknown }
  /** Writes whatever is there. */
  | { readonly do: 'put'; readonly key: string; readonly value: unknown }
  /** Fails unless the row is as it was read. */
  | { readonly do: 'replace'; readonly key: string; readonly value: unknown; readonly etag: string }
  /**
   * Without an ETag, a missing row is no error. With one it fails unless the row is as it was read; then all writes of the
   * call are such deletes, and they go one by one in order: the official client has no other way.
   */
  | { readonly do: 'delete'; readonly key: string; readonly etag?: string | undefined };

/** The reason a transaction was refused for certain; every other error leaves open whether it was applied. */
export class RowConflict extends Error {
  readonly code = 'row_conflict';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RowConflict';
  }
}

/**
 * The table could not be asked: it throttles, has an error of its own, or gave no answer. That says nothing about what was
 * asked, and leaves open whether it was applied.
 */
export class TableBusy extends Error {
  readonly code = 'table_busy';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TableBusy';
  }
}

/** Azure Table storage: a partition per group, entity-group transactions of up to 100 rows, each row once. */
export interface Table {
  get(group: string, key: string): Promise<Row | undefined>;
  /** Rows with from <= key < to in key order, at most `limit`. */
  range(group: string, from: string, to: string, limit: number): Promise<readonly Row[]>;
  /** All or nothing; answers the new ETags in the order of the writes ('' for deletes). */
  transact(group: string, writes: readonly Write[]): Promise<readonly string[]>;
}

export type ShareKind = 'file' | 'directory';

export interface ShareEntry {
  readonly name: string;
  readonly kind: ShareKind;
  readonly size: number;
  readonly etag: string;
  readonly fileId: string;
  readonly lastWrite: string;
  /** When anything about it changed last, ms since 1970: its age, whatever times its content carries. */
  readonly changedAt: number;
}

export interface ShareProperties extends Omit<ShareEntry, 'name' | 'changedAt'> {
  readonly metadata: Readonly<Record<string, string>>;
  readonly traits: Traits;
}

export interface ShareSnapshot {
  /** The time it was taken, as the share spells it (UTC, 100 ns). */
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an overwritten file passes on to its successor. */
export interface Traits {
  readonly created?: string | undefined;
  readonly attributes?: string | undefined;
  readonly permissionKey?: string | undefined;
}

export interface Renamed {
  readonly etag: string;
  readonly fileId: string;
  readonly lastWrite: string;
}

/**
 * absent: nothing at the path, or no parent. exists: the name is taken. busy: open over SMB, being deleted, locked.
 * mismatch: a file where a directory was meant or the other way round. limit: a share has so many snapshots and no more.
 * Everything else is `ShareBusy`, or thrown as it came: then it is open whether the call was applied.
 */
export type ShareFault = 'absent' | 'exists' | 'busy' | 'mismatch' | 'not-empty' | 'limit';

export class ShareRefusal extends Error {
  readonly fault: ShareFault;
  /** The service's own code, for example `SharingViolation`. */
  readonly code: string;
  constructor(fault: ShareFault, code: string, message: string) {
    super(message);
    this.name = 'ShareRefusal';
    this.fault = fault;
    this.code = code;
  }
}

/** As `TableBusy`, of the share: an answer about the service, or none, and nothing about the path. */
export class ShareBusy extends Error {
  readonly code = 'share_busy';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ShareBusy';
  }
}

/** One group's Azure file share; paths are joined by '/', '' is the root. Nothing is ever replaced: a rename fails with `exists`. */
export interface Share {
  properties(path: string, kind: ShareKind): Promise<ShareProperties | undefined>;
  /** Entries whose name begins with `prefix`, complete; undefined when the directory is not there. */
  list(dir: string, prefix: string): Promise<readonly ShareEntry[] | undefined>;
  rename(from: string, to: string, kind: ShareKind, traits?: Traits): Promise<Renamed>;
  mkdir(path: string, metadata: Readonly<Record<string, string>>): Promise<Renamed>;
  /** A new empty file. */
  create(path: string, metadata: Readonly<Record<string, string>>): Promise<Renamed>;
  setMetadata(path: string, kind: ShareKind, metadata: Readonly<Record<string, string>>): Promise<Renamed>;
  /** Sets the last-write time; keeps everything else. */
  setLastWrite(path: string, lastWrite: string): Promise<Renamed>;
  /** Allocated ranges as [from, to) pairs in order. */
  ranges(path: string): Promise<readonly (readonly [number, number])[]>;
  /** Bytes [offset, offset + length) of the version `etag`; undefined when the file is another one now. */
  read(path: string, etag: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** Removes a file or an empty directory; nothing there is no error. */
  remove(path: string, kind: ShareKind): Promise<void>;
  /** Takes a snapshot of the whole share; answers its id. Called again, it takes another one. */
  takeSnapshot(metadata: Readonly<Record<string, string>>): Promise<string>;
  /** All of them, whoever took them, oldest first. */
  snapshots(): Promise<readonly ShareSnapshot[]>;
  /** Nothing there is no error. */
  removeSnapshot(id: string): Promise<void>;
}

export interface Committed {
  readonly group: string;
  readonly from: number;
  readonly to: number;
}

/** The custom topic of Event Grid: `Tideway.ChangesCommitted`. */
export interface Events {
  committed(event: Committed): Promise<void>;
}

/** The Service Bus topic `sites`: a hint for one server's slot. */
export interface Sites {
  send(messages: readonly { readonly to: string; readonly hint: Hint }[]): Promise<void>;
}

/** The Service Bus queue `changes`, for what the backend sends itself. */
export interface Changes {
  send(group: string, body: unknown): Promise<void>;
}
