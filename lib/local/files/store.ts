import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { GroupCommit } from '../../base/group-commit.ts';
import type { Log } from '../../base/log.ts';
import { openDatabase, type Database } from '../../base/sqlite.ts';
import { ContentFiles } from './content-files.ts';
import { Contents, type Content } from './contents.ts';
import { Counters } from './counters.ts';
import { DeletedShares } from './deleted-shares.ts';
import { FilesError } from './errors.ts';
import { Handles } from './handles.ts';
import { Past } from './past.ts';
import { Permissions } from './permissions.ts';
import { schema } from './schema.ts';
import { Shares } from './shares.ts';
import { Snapshots } from './snapshots.ts';
import { Stamps } from './stamps.ts';
import { Tree, type Node } from './tree.ts';
import { Usage } from './usage.ts';

// Durability is openDatabase's; this is speed only. Hot pages are written back once for many commits: the write-ahead
// log may grow to 64 MiB before, and the upper levels of the tree stay in memory.
const tuning = 'PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -65536;';

/** What a part of a transaction leaves to do: files to remove once it is certain that no row needs them. */
export interface Part {
  readonly dropped: number[];
}

/** The whole state of the service. Reads are plain calls; every change goes through `write`. */
export class Store {
  readonly db: Database;
  readonly tree: Tree;
  readonly contents: Contents;
  readonly shares: Shares;
  readonly deletedShares: DeletedShares;
  readonly permissions: Permissions;
  readonly snapshots: Snapshots;
  readonly past: Past;
  readonly usage: Usage;
  readonly stamps: Stamps;
  readonly handles = new Handles();
  readonly counters = new Counters();
  readonly log: Log;
  readonly #group: GroupCommit;
  #batching = false;
  #pending = 0;
  #closed = false;

  constructor(dir: string, clock: Clock, log: Log) {
    this.db = openDatabase(join(dir, 'files.db'), schema);
    this.db.exec(tuning);
    this.log = log;
    this.#group = new GroupCommit(this.db);
    this.shares = new Shares(this.db);
    this.deletedShares = new DeletedShares(this.db);
    this.past = new Past(this.db, this.shares);
    const isAlone = (): boolean => this.shares.all().length === 1 && this.deletedShares.all().length === 0;
    this.usage = new Usage(this.db, isAlone);
    this.tree = new Tree(this.db, this.past, this.usage);
    const files = new ContentFiles(join(dir, 'contents'));
    this.contents = new Contents(this.db, files);
    this.permissions = new Permissions(this.db);
    this.snapshots = new Snapshots(this.db);
    this.stamps = new Stamps(this.db, clock);
    const swept = files.sweep((id) => this.contents.isInFile(id));
    if (swept > 0) log.info('contents_swept', { files: swept });
  }

  /** Runs `work` in a transaction shared with others; settles once it is on disk. Errors of `work` undo only itself. */
  async write<T>(work: (part: Part) => T): Promise<T> {
    // What was still under way when the service stopped is refused, as by a server that is gone.
    if (this.#closed) throw new FilesError('ServerBusy');
    this.#count();
    this.#pending++;
    const part: Part = { dropped: [] };
    try {
      if (this.stamps.low) this.#reserve();
      const result = await this.#group.run(() => this.#try(work, part));
      if (part.dropped.length > 0) this.#removeFiles(part.dropped);
      return result;
    } catch (error) {
      this.#forget();
      if (!(error instanceof FilesError)) {
        // Of the whole batch, maybe.
        this.usage.undo(undefined);
        this.permissions.forget();
      }
      throw error;
    } finally {
      this.#pending--;
    }
  }

  /** The id under which a change of the node's content is to be stored: its own, or `stamp` for a new one. */
  ownContent(node: Node, stamp: number): number {
    return node.content === 0 || this.past.shares(node) ? stamp : node.content;
  }

  /** Inside a transaction: stores what the node's content is from now on; the caller writes the node. */
  replaceContent(node: Node, next: Content, part: Part): void {
    if (next.id === node.content) {
      this.contents.update(next);
      return;
    }
    this.contents.insert(next);
    this.drop(part, node);
  }

  /** Inside a transaction: the live tree no longer needs the content of this row, which is as it still is there. */
  drop(part: Part, node: Pick<Node, 'parent' | 'fold' | 'content' | 'etag'>): void {
    if (node.content !== 0 && !this.past.shares(node)) this.free(part, node.content);
  }

  /** Inside a transaction: forgets a content that no row needs. */
  free(part: Part, content: number): void {
    if (this.contents.isInFile(content)) part.dropped.push(content);
    this.contents.delete(content);
  }

  /** Everything asked for is on disk or refused afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#pending > 0) await new Promise(setImmediate);
    this.#group.flush();
    this.db.close();
  }

  #removeFiles(ids: readonly number[]): void {
    for (const id of ids)
      this.contents.files.remove(id).catch((error: unknown) => {
        // Only space is lost, and only until the next start sweeps it.
        this.log.warn('content_not_removed', { content: id, error });
      });
  }

  // What is remembered may have come from a part that is about to be rolled back, and the next part must not see it.
  #try<T>(work: (part: Part) => T, part: Part): T {
    const mark = this.usage.mark();
    this.permissions.begin();
    try {
      return work(part);
    } catch (error) {
      this.#forget();
      this.usage.undo(mark);
      this.permissions.undo();
      throw error;
    }
  }

  #forget(): void {
    this.shares.forget();
    this.tree.forget();
  }

  #reserve(): void {
    this.#group
      .run(() => this.stamps.reserve())
      .catch((error: unknown) => {
        // The disk refused the whole batch, this request with it: the next one asks again.
        this.stamps.forget();
        this.log.warn('stamps_not_reserved', { error });
      });
  }

  // GroupCommit gathers what is asked for in one turn of the event loop, so the turns are its commits.
  #count(): void {
    this.counters.writes++;
    if (this.#batching) return;
    this.#batching = true;
    setImmediate(() => {
      this.#batching = false;
      this.counters.commits++;
    });
  }
}
