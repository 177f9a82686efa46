import type { Clock } from '../base/clock.ts';
import { codeOf, messageOf } from '../base/errors.ts';
import type { NodeId } from '../core/node.ts';
import type { Problems } from './problems.ts';

const firstMs = 50;
const maxMs = 5 * 60_000;
/** Room may be there again at any time, and to ask costs little. */
const fullMs = 30_000;
const full: ReadonlySet<string> = new Set(['disk_full', 'share_full']);
/** A file that is being written to, or a name that changes hands, is no problem before so many tries. */
const patience = 8;

const explained: Readonly<Record<string, readonly [code: string, message: string]>> = {
  ENOSPC: ['disk_full', 'The disk is full: free some space.'],
  EDQUOT: ['disk_full', 'The disk quota is used up: free some space.'],
  share_full: ['share_full', 'The share has no room for it: raise its quota, or delete something.'],
  EACCES: ['no_permission', 'The agent may not do this here: give it access.'],
  EPERM: ['no_permission', 'The agent may not do this here: give it access.'],
  EROFS: ['read_only', 'The file system is read-only.'],
  ENAMETOOLONG: ['path_too_long', 'The path is too long for this file system: shorten it.'],
  EIO: ['disk_error', 'The disk reports an error: check it.'],
};

/**
 * What failed for one node is tried again, each time after twice the wait, 5 min at most, until it works; meanwhile it is a
 * problem of that path and holds up nothing else.
 */
export class Retry {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #problems: Problems;
  readonly #again: (node: NodeId) => void;
  readonly #tries = new Map<NodeId, { count: number; waiting: boolean; told: boolean }>();

  constructor(options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly problems: Problems;
    readonly again: (node: NodeId) => void;
  }) {
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#problems = options.problems;
    this.#again = options.again;
  }

  /** True while the node waits for its next try: do not plan it. */
  waits(node: NodeId): boolean {
    return this.#tries.get(node)?.waiting === true;
  }

  /** Those that wait for their next try, and are no problem so far, or may be none. */
  get waiting(): number {
    let some = 0;
    for (const { waiting, count, told } of this.#tries.values()) if (waiting && (!told || count <= patience)) some++;
    return some;
  }

  isProblem(node: NodeId): boolean {
    return this.#tries.get(node)?.told === true;
  }

  /** Something about the node changed: the next try need not wait. */
  hurry(node: NodeId): void {
    const known = this.#tries.get(node);
    if (known !== undefined) known.waiting = false;
  }

  /** Nodes that failed and have not been done since. */
  nodes(): Iterable<NodeId> {
    return this.#tries.keys();
  }

  failed(node: NodeId, path: string, error: unknown): void {
    const system = codeOf(error);
    const known = explained[system];
    const count = this.later(node, full.has(known?.[0] ?? '') ? fullMs : maxMs);
    if (known === undefined && count <= patience) return;
    const tries = this.#tries.get(node);
    if (tries !== undefined) tries.told = true;
    const [code, message] = known ?? ['cannot_sync', `It cannot be brought in step yet: ${messageOf(error)}`];
    this.#problems.set(node, { path, code, message, since: this.#clock.now() });
  }

  /** Tries again after a while; answers how many tries failed in a row. */
  later(node: NodeId, atMostMs = maxMs): number {
    const known = this.#tries.get(node);
    const count = (known?.count ?? 0) + 1;
    this.#tries.set(node, { count, waiting: true, told: known?.told === true });
    void this.#wait(node, Math.min(firstMs * 2 ** (count - 1), atMostMs));
    return count;
  }

  done(node: NodeId): void {
    if (this.#tries.delete(node)) this.#problems.clear(node);
  }

  async #wait(node: NodeId, ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal).catch(() => {}); // ends by the signal only
    const known = this.#tries.get(node);
    if (this.#signal.aborted || known === undefined) return;
    known.waiting = false;
    this.#again(node);
  }
}
