// From what the planner proposes to operations in the outbox: uploads what has content, and asks again at the last
// moment whether the proposal still fits what is on the site.
import type { Log } from '../../base/log.ts';
import { given } from '../../core/attributes.ts';
import { codeOf } from '../../base/errors.ts';
import { isContested } from '../../core/depend.ts';
import { isIdentity, type Known } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import { isTemporaryName } from '../../core/temporary-name.ts';
import type { Proposal } from '../../core/trees.ts';
import type { Content, Operation } from '../../protocol/operation.ts';
import { beside, type Disk } from '../apply/disk.ts';
import type { Outbox } from './outbox.ts';
import { Pool } from '../../base/pool.ts';
import type { Retry } from '../retry.ts';
import { Signal } from '../signal.ts';
import type { State } from '../state/state.ts';
import { upload, type UploadOptions } from './upload.ts';

export interface ProposalOptions extends UploadOptions {
  readonly state: State;
  readonly outbox: Outbox;
  readonly retry: Retry;
  readonly disk: Disk;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Resolves when the root is what it should be; rejects with `halted` when it is not (I6). */
  readonly guard: () => Promise<void>;
  readonly look: (path: string) => void;
  /** Something ended here: the planner may go on. */
  readonly onProgress: () => void;
  readonly onFatal: (error: unknown) => void;
}

/** A proposal, and the last row of the log that it was made with. */
interface Queued {
  readonly proposal: Proposal;
  readonly asOf: number;
}

type WithContent = Extract<Proposal, { kind: 'create' | 'edit' }>;

const uploadsAtOnce = 16;
/**
 * Operations in the outbox and uploads on their way there: two full messages and a third that is filled. What is beyond
 * stays in memory, unread.
 */
const maxOpen = 1536;
const maxStarted = 10_000;

export class Proposals {
  readonly #options: ProposalOptions;
  readonly #queue: Queued[] = [];
  readonly #pool = new Pool(uploadsAtOnce);
  readonly #wake = new Signal();
  #at = 0;
  #uploading = 0;
  paused = false;
  readonly counters = { uploads: 0, uploadedBytes: 0, discarded: 0 };

  constructor(options: ProposalOptions) {
    this.#options = options;
  }

  /** Proposals that are no operations yet. */
  get pending(): number {
    return this.#queue.length - this.#at + this.#uploading;
  }

  /** Work that was begun and uses the state. */
  get running(): number {
    return this.#uploading;
  }

  /** In the planner's order, which is kept, and in the turn of the plan. The nodes are busy from now on. */
  add(proposals: readonly Proposal[]): void {
    const { state } = this.#options;
    const { cursor: asOf } = state.meta.values;
    for (const proposal of proposals) {
      state.busy.add(proposal.node);
      this.#queue.push({ proposal, asOf });
    }
    this.#wake.set();
  }

  /** Call when the outbox got shorter, or to go on after a pause. */
  wake(): void {
    this.#wake.set();
  }

  async run(): Promise<void> {
    const { signal, outbox } = this.#options;
    const wake = (): void => this.#wake.set();
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      await this.#wake.wait();
      while (
        !this.paused &&
        !signal.aborted &&
        this.#at < this.#queue.length &&
        outbox.open + this.#uploading < maxOpen
      )
        if (!(await this.#startSome())) break;
      // What was started is let go now and then: a queue that never runs empty must not grow for ever.
      if (this.#at === this.#queue.length || this.#at > maxStarted) {
        this.#queue.splice(0, this.#at);
        this.#at = 0;
      }
    }
    signal.removeEventListener('abort', wake);
  }

  /** Answers false when nothing may be sent now. */
  async #startSome(): Promise<boolean> {
    const { outbox, guard } = this.#options;
    const some = this.#queue.slice(this.#at, this.#at + maxOpen - outbox.open - this.#uploading);
    if (some.some(({ proposal }) => proposal.kind === 'delete' || proposal.kind === 'rmdir')) {
      try {
        await guard();
      } catch (error) {
        if (codeOf(error) === 'halted') return false;
        throw error;
      }
      if (this.paused) return false;
    }
    this.#at += some.length;
    // Calls of `append` in this order give numbers in this order; an upload's comes later, after all it depends on.
    for (const queued of some) {
      this.#uploading++;
      void this.#start(queued);
    }
    return true;
  }

  async #start({ proposal, asOf }: Queued): Promise<void> {
    const { signal, onFatal, onProgress } = this.#options;
    let sent = false;
    try {
      sent =
        proposal.kind === 'create' || proposal.kind === 'edit'
          ? await this.#upload(proposal)
          : await this.#send(proposal.node, () => this.#operation(proposal, asOf));
    } catch (error) {
      if (!signal.aborted) onFatal(error);
    } finally {
      this.#uploading--;
      if (!sent) this.#release(proposal.node);
      this.#wake.set();
      onProgress();
    }
  }

  async #upload(proposal: WithContent): Promise<boolean> {
    const { state, retry, disk, look, signal } = this.#options;
    const { node } = proposal;
    let path = node;
    try {
      const result = await this.#pool.run(async () => {
        const entry = state.local(node);
        path = state.pathOf(node) ?? node;
        if (entry === undefined || !entry.settled || entry.kind === 'directory' || signal.aborted) return undefined;
        const synced = proposal.kind === 'edit' ? (state.synced(node)?.hash ?? null) : null;
        // The disk works while the line does.
        const staging = upload(this.#options, path, entry, synced);
        return { entry, ...(await beside(disk.file(path, entry), staging)) };
      });
      if (result === undefined) return false;
      const { entry, done: uploaded, flushed } = result;
      // Outside the pool: while this one waits for the disk others upload.
      const onDisk = await flushed;
      if (uploaded.kind === 'refused') {
        state.now(() => state.hold(node, uploaded.code));
        return false;
      }
      if (uploaded.kind === 'changed' || !onDisk) {
        this.counters.discarded++;
        look(path);
        retry.later(node);
        return false;
      }
      if (uploaded.kind === 'same') {
        state.now(() => this.#setHash(entry, uploaded.hash));
        return false;
      }
      const sent = await this.#send(node, () => this.#withContent(proposal, entry, uploaded.content));
      if (!sent) return false;
      this.counters.uploads++;
      this.counters.uploadedBytes += entry.size;
      return true;
    } catch (error) {
      if (codeOf(error) === '' || signal.aborted) throw error;
      if (codeOf(error) === 'ENOENT') look(path);
      retry.failed(node, path, error);
      return false;
    }
  }

  async #send(node: NodeId, build: () => Operation | undefined): Promise<boolean> {
    const { outbox, retry } = this.#options;
    if ((await outbox.append(build)) !== undefined) {
      retry.done(node);
      return true;
    }
    this.counters.discarded++;
    // What it was planned from may not have changed: who has its name may be waiting for a try of its own. Then the next plan
    // is this one, and without a wait it would be made, and sent up, again and again.
    retry.later(node);
    return false;
  }

  #withContent(proposal: WithContent, uploaded: Known, content: Content): Operation | undefined {
    const { state } = this.#options;
    const entry = this.#setHash(uploaded, uploaded.kind === 'link' ? null : content.hash);
    if (entry === undefined) return undefined;
    const { id: node, parent, name, mtime, mode, target } = entry;
    const rest = { content, mtime, mode, ...(target === undefined ? {} : { target }), ...given(entry) };
    if (proposal.kind === 'create') {
      if (state.remote(node) !== undefined || !this.#mayTake(node, parent, name)) return undefined;
      return { kind: 'create', node, parent, name, ...rest };
    }
    const { base } = proposal;
    if ((state.synced(node)?.version ?? 0) !== base) return undefined;
    const place = state.remote(node) ?? entry;
    return { kind: 'edit', node, parent: place.parent, name: place.name, base, ...rest };
  }

  /** The entry with its hash, if its content still is what was read. */
  #setHash(read: Known, hash: string | null): Known | undefined {
    const { state } = this.#options;
    const entry = state.local(read.id);
    if (entry === undefined || !isSameContent(entry, read)) return undefined;
    const known = { ...entry, hash };
    state.setLocal(entry.id, known);
    return known;
  }

  #operation(proposal: Exclude<Proposal, { kind: 'create' | 'edit' }>, asOf: number): Operation | undefined {
    const { state } = this.#options;
    const { node } = proposal;
    const entry = state.local(node);
    switch (proposal.kind) {
      case 'mkdir':
        if (entry === undefined || state.remote(node) !== undefined) return undefined;
        if (!this.#mayTake(node, entry.parent, entry.name)) return undefined;
        return { kind: 'mkdir', node, parent: entry.parent, name: entry.name, mode: entry.mode, ...given(entry) };
      case 'move':
        // A directory that is gone here leaves its name to what moves out of it, and is deleted after that.
        // So is it where it comes back from there because something was put into it (P9).
        if (entry === undefined && !this.#isWaiting(node, proposal.name)) return undefined;
        if (!this.#mayTake(node, proposal.parent, proposal.name)) return undefined;
        return { kind: 'move', node, parent: proposal.parent, name: proposal.name };
      case 'delete':
        if (entry !== undefined || state.synced(node)?.version !== proposal.base) return undefined;
        return { kind: 'delete', node, base: proposal.base, asOf };
      case 'rmdir':
        if (entry !== undefined) return undefined;
        // Not as of now: a row that came since the plan may have put something below it, which is not ours to delete (I3).
        return { kind: 'rmdir', node, asOf, below: state.countBelow(node) };
      case 'attributes': {
        if (entry === undefined) return undefined;
        const { kind, mode, mtime } = entry;
        const times = kind === 'directory' ? {} : { mtime };
        const modes = kind === 'link' ? {} : { mode };
        return { kind: 'attributes', node, base: proposal.base, ...modes, ...times, ...given(entry) };
      }
    }
  }

  /**
   * Whether the name is free, or about to be, or another one's by right: the node may have been renamed since its plan, onto
   * a name that this site has to give up first.
   */
  #mayTake(node: NodeId, parent: NodeId, name: string): boolean {
    const { state } = this.#options;
    const claimant = state.claimed(parent, name);
    const holder = state.remoteAt(parent, name)?.id;
    const isFree = holder === undefined || holder === node || state.claims.leaves(holder) || isContested(state, holder);
    return (claimant ?? node) === node && isFree;
  }

  /** Whether the node makes room for another, or did. */
  #isWaiting(node: NodeId, name: string): boolean {
    const at = this.#options.state.remote(node)?.name;
    return isTemporaryName(name, node) || (at !== undefined && isTemporaryName(at, node));
  }

  #release(node: NodeId): void {
    this.#options.state.busy.delete(node);
    this.#options.state.onChange(node);
  }
}

export function isSameContent(a: Known, b: Known): boolean {
  return a.settled && isIdentity(a, b) && a.size === b.size && a.statMtime === b.statMtime;
}
