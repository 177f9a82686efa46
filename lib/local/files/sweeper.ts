import type { Clock } from '../../base/clock.ts';
import { FilesError } from './errors.ts';
import { rootName, type DeletedShare } from './deleted-shares.ts';
import type { Part, Store } from './store.ts';
import { directoryKind } from './tree.ts';

/** Rows a transaction: others wait no longer than for a few milliseconds of it. */
const chunk = 500;

const longestSleep = 3_600_000;

/**
 * Frees what deleted snapshots and expired shares held, in the background and piece by piece. What is not finished when
 * the process ends is finished by the next one: the rows themselves say what there is to do.
 */
export class Sweeper {
  readonly #store: Store;
  readonly #clock: Clock;
  #alarm = new AbortController();
  #stopped = false;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** There is, or may be, something to do. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again && !this.#stopped) this.wake();
    });
  }

  /** Settles when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        while (!this.#stopped && (await this.#store.write((part) => this.#step(part))));
        this.#sleep();
      }
    } catch (error) {
      // Only space is lost, and only until the next deletion or start; that the service is closing is no news.
      this.#again = false;
      if (!(error instanceof FilesError)) this.#store.log.warn('sweep_failed', { error });
    }
  }

  /** Comes back when the next share expires. */
  #sleep(): void {
    if (this.#stopped) return;
    this.#alarm.abort();
    this.#alarm = new AbortController();
    const next = this.#store.deletedShares.all().reduce((first, { expires }) => Math.min(first, expires), Infinity);
    if (next === Infinity) return;
    const ms = Math.min(Math.max(next - this.#clock.now(), 1000), longestSleep);
    this.#clock.sleep(ms, this.#alarm.signal).then(
      () => this.wake(),
      () => undefined, // stopped, or set anew
    );
  }

  /** Inside a transaction: one piece of work; false if there is none. */
  #step(part: Part): boolean {
    const gone = this.#store.snapshots.nextGone();
    if (gone !== undefined) {
      this.#release(part, gone.id, this.#store.snapshots.before(gone.share, gone.id));
      return true;
    }
    const expired = this.#store.deletedShares.all().find(({ expires }) => expires <= this.#clock.now());
    if (expired === undefined) return false;
    this.#purge(part, expired);
    return true;
  }

  #release(part: Part, id: number, previous: number): void {
    const { past, tree, snapshots } = this.#store;
    const { seen, removed } = past.release(id, previous, chunk);
    for (const { id: file, content } of removed)
      if (content !== 0 && !past.holds(content) && tree.byId(file)?.content !== content)
        this.#store.free(part, content);
    if (seen === 0) snapshots.forgetGone(id);
  }

  #purge(part: Part, share: DeletedShare): void {
    const { snapshots, tree, permissions, deletedShares } = this.#store;
    const left = snapshots.list(share.root);
    if (left.length > 0) {
      for (const { id } of left) snapshots.remove(id);
      return;
    }
    if (this.#empty(part, share.root, chunk) === 0) return;
    const root = tree.find(0, rootName(share));
    if (root !== undefined) tree.remove(root);
    permissions.removeAll(share.root);
    deletedShares.forget(share);
  }

  /** Removes at most `budget` nodes below a directory, the deepest first; gives what is left of the budget. */
  #empty(part: Part, directory: number, budget: number): number {
    const { tree } = this.#store;
    for (const node of tree.list(directory, '', budget)) {
      if (node.kind === directoryKind) budget = this.#empty(part, node.id, budget);
      if (budget === 0) return 0;
      this.#store.drop(part, node);
      tree.remove(node);
      budget--;
    }
    return budget;
  }
}
