import type { Known } from '../../core/identify.ts';
import { rootId, type NodeId, type NodeState } from '../../core/node.ts';
import type { Synced, Trees } from '../../core/trees.ts';
import { openDatabase, type Database } from '../../base/sqlite.ts';
import { Claims } from '../plan/claims.ts';
import { LocalLines, type LocalPage } from './local-lines.ts';
import { LocalTable } from './local-table.ts';
import { Lost } from './lost.ts';
import { Meta } from './meta.ts';
import { ConflictTable, ReplacedTable } from './notes.ts';
import { OutboxTable } from './outbox-table.ts';
import { RemoteTable } from './remote-table.ts';
import { schema } from './schema.ts';
import { Suspects } from './suspects.ts';
import { SyncedTable } from './synced-table.ts';
import { compare } from './unequal.ts';
import { Writes } from './writes.ts';

/**
 * Everything an endpoint remembers. Reads see what was written last. Writes go through `now` (durable a little later) or
 * `commit` (durable when it resolves); both take all of `work` or nothing. Whatever changes a tree reports the node to
 * `onChange`, so that nobody can forget to plan it.
 *
 * Errors when opened: see `openDatabase`.
 */
export class State implements Trees {
  readonly meta: Meta;
  readonly outbox: OutboxTable;
  readonly conflicts: ConflictTable;
  readonly replaced: ReplacedTable;
  /** Nodes that something is being done about: uploaded, sent and not answered, or applied here. */
  readonly busy = new Set<NodeId>();
  /** Nodes with an operation in the outbox. */
  readonly sent = new Set<NodeId>();
  readonly claims = new Claims();
  onChange: (id: NodeId) => void = () => {};
  /** What the next comparison of the trees has to look at. */
  readonly suspects = new Suspects();
  readonly #held = new Map<NodeId, string>();
  /** Says why a node is left alone, both ways. */
  holder: (id: NodeId) => string | undefined = () => undefined;
  readonly #db: Database;
  readonly writes: Writes;
  readonly lost: Lost;
  readonly #local: LocalTable;
  readonly #lines: LocalLines;
  readonly #synced: SyncedTable;
  readonly #remote: RemoteTable;

  /** The state's file; or a database with the schema, which whoever made it keeps (in memory, for the simulator). */
  constructor(source: string | Database) {
    const file = typeof source === 'string' ? source : ':memory:';
    this.#db = typeof source === 'string' ? openDatabase(source, schema) : source;
    this.writes = new Writes(this.#db, file);
    this.lost = new Lost(this.#db);
    this.#local = new LocalTable(this.#db);
    this.#lines = new LocalLines(this.#db);
    this.#synced = new SyncedTable(this.#db);
    this.#remote = new RemoteTable(this.#db);
    this.meta = new Meta(this.#db);
    this.outbox = new OutboxTable(this.#db);
    this.conflicts = new ConflictTable(this.#db);
    this.replaced = new ReplacedTable(this.#db);
    this.writes.beforeSave = () => this.meta.write();
    this.writes.onRollback = () => {
      this.#local.forget();
      for (const { recent } of [this.#synced, this.#remote]) recent.clear();
    };
  }

  async commit<T>(work: () => T): Promise<T> {
    const result = this.now(work);
    await this.writes.durable();
    return result;
  }

  now<T>(work: () => T): T {
    return this.writes.run(work);
  }

  /** As `now`, for a change of one row. */
  one<T>(work: () => T): T {
    return this.writes.runOne(work);
  }

  close(): void {
    this.writes.close();
  }

  local(id: NodeId): Known | undefined {
    return this.#local.get(id);
  }

  synced(id: NodeId): Synced | undefined {
    return this.#synced.get(id);
  }

  remote(id: NodeId): NodeState | undefined {
    return this.#remote.get(id);
  }

  localAt(parent: NodeId, name: string): Known | undefined {
    return this.#local.at(parent, name);
  }

  remoteAt(parent: NodeId, name: string): NodeState | undefined {
    return this.#remote.at(parent, name);
  }

  syncedAt(parent: NodeId, name: string): readonly Synced[] {
    return this.#synced.at(parent, name);
  }

  localChildren(parent: NodeId): readonly Known[] {
    return this.#local.children(parent);
  }

  localPage(parent: NodeId, after: string, limit: number): LocalPage {
    return this.#lines.page(parent, after, limit);
  }

  remoteChildren(parent: NodeId): readonly NodeState[] {
    return this.#remote.children(parent);
  }

  syncedChildren(parent: NodeId): readonly Synced[] {
    return this.#synced.children(parent);
  }

  /** How many entries a local directory has, counted up to `limit`. */
  countLocal(parent: NodeId, limit: number): number {
    return this.#local.countChildren(parent, limit);
  }

  withInode(inode: string): readonly Known[] {
    return this.#local.withInode(inode);
  }

  inFlight(id: NodeId): boolean {
    return this.busy.has(id);
  }

  claimed(parent: NodeId, name: string): NodeId | undefined {
    return this.claims.at(parent, name);
  }

  held(id: NodeId): string | undefined {
    return this.#held.get(id) ?? this.holder(id);
  }

  /** Leaves the node alone until it changes at either side, or the process starts anew. */
  hold(id: NodeId, code: string): void {
    this.#held.set(id, code);
    this.#wrote(id);
  }

  /** No longer, if this is why it is left alone. */
  release(id: NodeId, code: string): void {
    if (this.#held.get(id) !== code) return;
    this.#held.delete(id);
    this.#wrote(id);
  }

  /** True while an operation about the node is in the outbox: it cannot be called back. */
  isSent(id: NodeId): boolean {
    return this.sent.has(id);
  }

  setLocal(id: NodeId, entry: Known | null): void {
    if (entry === null) this.#local.drop(id);
    else this.#local.put(entry);
    this.#held.delete(id);
    this.#wrote(id);
  }

  /** It is as it was, as of this ctime: nothing is to be planned. */
  refreshLocal(entry: Known, ctime: Known['ctime']): void {
    this.one(() => this.#local.put({ ...entry, ctime }));
  }

  /** The local entry `from`, and all that names it as its parent, goes by `to` from now on. */
  rekeyLocal(from: NodeId, to: NodeId): void {
    const entry = this.#local.get(from);
    for (const child of this.#local.children(from)) this.setLocal(child.id, { ...child, parent: to });
    this.setLocal(from, null);
    if (entry !== undefined) this.setLocal(to, { ...entry, id: to });
  }

  setSynced(id: NodeId, entry: Synced | null): void {
    if (entry === null) this.#synced.drop(id);
    else this.#synced.put(entry);
    this.#wrote(id);
  }

  setRemote(node: NodeState): void {
    this.#remote.put(node);
    this.#held.delete(node.id);
    this.#wrote(node.id);
  }

  /** A directory goes with all below it. */
  dropRemote(id: NodeId): void {
    for (const gone of this.#remote.drop(id)) {
      this.#held.delete(gone);
      this.#wrote(gone);
    }
  }

  /** Drops from the remote tree what hangs on nothing. */
  dropLoose(): void {
    for (const parent of this.#remote.missingParents()) this.dropRemote(parent);
    this.meta.set({ loose: false });
  }

  clearRemote(): void {
    for (const gone of this.#remote.clear()) this.#wrote(gone);
  }

  /**
   * Forgets all that was agreed with a share that is no more. What is at both sides is compared anew, what is at one goes
   * to the other; nothing is deleted. Inside a transaction, with an empty outbox.
   */
  forgetShare(): void {
    for (const id of this.#synced.clear()) this.#wrote(id);
    this.meta.set({ epoch: '', cursor: 0, whole: false, incarnation: 0, nextN: 1 });
  }

  countFiles(): number {
    return this.#local.countFiles();
  }

  /** Files and links that both sides have agreed on. */
  countAgreed(): number {
    return this.#synced.countFiles();
  }

  /** The same below a directory. */
  countBelow(directory: NodeId): number {
    return this.#synced.countBelow(directory);
  }

  /** Path below the root of a node of the local tree; undefined when the node or a directory above it is not there. */
  pathOf(id: NodeId): string | undefined {
    const names: string[] = [];
    for (let at = id; at !== rootId;) {
      const entry = this.#local.get(at);
      if (entry === undefined || names.length > maxDepth) return undefined;
      names.push(entry.name);
      at = entry.parent;
    }
    return names.reverse().join('/');
  }

  /** Path of a name inside a local directory. */
  pathIn(parent: NodeId, name: string): string | undefined {
    const dir = this.pathOf(parent);
    return dir === undefined ? undefined : dir === '' ? name : `${dir}/${name}`;
  }

  /** The node of the local tree at a path. */
  find(path: string): NodeId | undefined {
    let at: NodeId = rootId;
    if (path === '') return at;
    for (const name of path.split('/')) {
      const entry = this.#local.at(at, name);
      if (entry === undefined) return undefined;
      at = entry.id;
    }
    return at;
  }

  /** A fresh node id; must run in the transaction that uses it. */
  newId(): NodeId {
    const { endpoint, incarnation, nextNode } = this.meta.values;
    this.meta.set({ nextNode: nextNode + 1 });
    return `${endpoint}-${incarnation}-${nextNode.toString(36)}`;
  }

  /** Every node that the three trees disagree on: what is left to plan after a start. See `compare`. */
  unequal(between?: () => Promise<void>, rows?: number): Promise<ReadonlySet<NodeId>> {
    return compare(this.#db, this.suspects, between, rows);
  }

  #wrote(id: NodeId): void {
    this.suspects.add(id);
    this.onChange(id);
  }
}

/** Deeper than any path the kernel takes (4,096 bytes): a cycle in a broken tree ends here. */
const maxDepth = 2048;
