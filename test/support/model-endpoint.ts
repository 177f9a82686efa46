// An endpoint without a disk: the local tree is the site. It plans what is dirty, does the actions with the checks that a
// file system makes, and sends the proposals to a model committer. For tests of the planner.
import { advance } from '../../lib/core/advance.ts';
import { given } from '../../lib/core/attributes.ts';
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { MemoryTrees } from '../../lib/core/memory-trees.ts';
import { plan } from '../../lib/core/plan.ts';
import { Postponed } from '../../lib/core/postpone.ts';
import { afterAction, settle, type Flight } from '../../lib/core/settle.ts';
import { temporaryName } from '../../lib/core/temporary-name.ts';
import type { Action, Local, Plan, Proposal, Synced } from '../../lib/core/trees.ts';
import type { Asked, ModelCommitter } from './model-committer.ts';

export interface Chance {
  /** Puts the independent parts of a batch into another order. */
  shuffle<T>(items: readonly T[]): T[];
  /** True: an action fails (the file system said no), or a message is late. */
  fails(): boolean;
  /** A code: the committer rejects the operation. */
  veto(): string | undefined;
}

/** Deletes wait for some rounds, and for less than it takes a message to be late. */
const roundMs = 40;

export const calm: Chance = { shuffle: (items) => [...items], fails: () => false, veto: () => undefined };

export class ModelEndpoint {
  readonly trees = new MemoryTrees();
  readonly dirty = new Set<NodeId>();
  /** What the files hold: their hashes, whether the local tree knows them or not. */
  readonly disk = new Map<NodeId, string>();
  readonly #server: string;
  readonly #committer: ModelCommitter;
  readonly #chance: Chance;
  readonly #outbox = new Map<number, Flight>();
  readonly #unsent: number[] = [];
  readonly #rejections = new Map<NodeId, number>();
  readonly #postponed = new Postponed(this.trees);
  /** Milliseconds: each round takes some. */
  #now = 0;
  #n = 0;
  #renewed = 0;
  #cursor: number;

  constructor(server: string, committer: ModelCommitter, chance: Chance) {
    this.#server = server;
    this.#committer = committer;
    this.#chance = chance;
    this.#cursor = committer.head;
  }

  /** One turn; the plan it made. */
  round(): Plan {
    this.#follow();
    const made = plan(this.trees, this.#due());
    for (const { node } of [...made.proposals, ...made.actions]) this.#postponed.planned(node);
    for (const { id, synced } of made.agreed) {
      this.trees.setSynced(id, synced);
      this.dirty.add(id);
    }
    for (const { from, to } of made.adopted) this.#rekey(from, to);
    for (const id of made.hash) this.#hash(id);
    for (const id of made.later) this.dirty.add(id);
    for (const action of this.#reorder(made.actions)) this.#act(action, made);
    for (const proposal of this.#late(made.proposals)) this.#propose(proposal);
    this.#send();
    return made;
  }

  /** What is dirty, but for the deletes among it that wait for more. */
  #due(): readonly NodeId[] {
    this.#now += roundMs;
    const ripe = this.#postponed.due(this.#now, this.#now);
    const ids = this.#chance.shuffle([...this.dirty]).filter((id) => !this.#postponed.take(id, this.#now));
    this.dirty.clear();
    return [...new Set([...this.#postponed.hastened(), ...ripe, ...ids])];
  }

  get idle(): boolean {
    return this.#outbox.size === 0 && this.#postponed.size === 0 && this.#cursor === this.#committer.head;
  }

  #reorder(actions: readonly Action[]): Action[] {
    const content = (action: Action): boolean => ['fetch', 'replace', 'attributes'].includes(action.kind);
    return [...actions.filter((action) => !content(action)), ...this.#chance.shuffle(actions.filter(content))];
  }

  /** Uploads end in any order; what needs none goes at once. */
  #late(proposals: readonly Proposal[]): Proposal[] {
    const upload = ({ kind }: Proposal): boolean => kind === 'create' || kind === 'edit';
    return [...proposals.filter((one) => !upload(one)), ...this.#chance.shuffle(proposals.filter(upload))];
  }

  #follow(): void {
    for (const row of this.#committer.log) {
      if (row.seq <= this.#cursor) continue;
      for (const [id, remote] of advance(this.trees, row)) {
        this.trees.setRemote(id, remote);
        this.dirty.add(id);
      }
      this.#cursor = row.seq;
      const flight = row.server === this.#server ? this.#outbox.get(row.n) : undefined;
      if (flight === undefined || flight.sent.kind === 'none') continue;
      const { node } = flight.sent;
      const changes = settle(this.trees, flight, row);
      if (changes === undefined) continue;
      this.#outbox.delete(row.n);
      this.trees.flights.delete(node);
      if (row.outcome !== 'rejected') this.#rejections.delete(node);
      else if (row.code !== 'parent_unknown') this.#rejections.set(node, flight.rejections + 1);
      this.dirty.add(node);
      for (const change of changes) {
        if (change.kind === 'rekey') this.#rekey(change.from, change.to);
        else if (change.kind === 'renew') this.#renew(change.from, change.synced);
        else {
          this.trees.apply([change], () => this.#nextId());
          this.dirty.add(change.id);
        }
      }
    }
  }

  #rekey(from: NodeId, to: NodeId): void {
    for (const child of this.trees.localChildren(from)) this.dirty.add(child.id);
    this.trees.rekey(from, to);
    const content = this.disk.get(from);
    this.disk.delete(from);
    if (content !== undefined) this.disk.set(to, content);
    this.dirty.add(to);
  }

  #renew(from: NodeId, synced: Omit<Synced, 'id'> | null): void {
    const id = this.#nextId();
    this.#rekey(from, id);
    if (synced !== null) this.trees.setSynced(id, { ...synced, id });
  }

  #nextId(): NodeId {
    return `${this.#server}-renewed-${++this.#renewed}`;
  }

  #hash(id: NodeId): void {
    const local = this.trees.local(id);
    if (local !== undefined) this.trees.locals.set({ ...local, hash: this.disk.get(id) ?? null });
    this.dirty.add(id);
  }

  #propose(proposal: Proposal): void {
    const { node } = proposal;
    if (this.#chance.fails()) {
      this.dirty.add(node);
      return;
    }
    const local = this.trees.local(node);
    this.#n++;
    this.#outbox.set(this.#n, { sent: this.#operation(proposal, local), rejections: this.#rejections.get(node) ?? 0 });
    this.#unsent.push(this.#n);
    this.trees.flights.add(node);
  }

  #operation(proposal: Proposal, local: Local | undefined): Asked {
    const { node } = proposal;
    if (proposal.kind === 'move') return { ...proposal };
    if (proposal.kind === 'delete') return { ...proposal };
    if (proposal.kind === 'rmdir') return { kind: 'rmdir', node, asOf: this.#cursor };
    if (local === undefined) throw new Error(`${proposal.kind} of ${node}, which is not here`);
    const { parent, name, mode, mtime } = local;
    const more = given(local);
    if (proposal.kind === 'mkdir') return { kind: 'mkdir', node, parent, name, mode, ...more };
    if (proposal.kind === 'attributes')
      return {
        kind: 'attributes',
        node,
        base: proposal.base,
        mode,
        ...(local.kind === 'directory' ? {} : { mtime }),
        ...more,
      };
    const hash = this.disk.get(node) ?? '';
    this.trees.locals.set({ ...local, hash });
    const content = { size: local.size, hash };
    const link = local.target === undefined ? {} : { target: local.target };
    if (proposal.kind === 'create')
      return { kind: 'create', node, parent, name, content, ...link, mtime, mode, ...more };
    return { kind: 'edit', node, base: proposal.base, parent, name, content, ...link, mtime, mode, ...more };
  }

  #send(): void {
    while (this.#unsent.length > 0 && !this.#chance.fails()) {
      const n = this.#unsent.shift() ?? 0;
      const sent = this.#outbox.get(n)?.sent;
      if (sent !== undefined && sent.kind !== 'none')
        this.#committer.commit(this.#server, n, sent, this.#chance.veto());
    }
  }

  #act(action: Action, made: Plan): void {
    const { node } = action;
    this.dirty.add(node);
    if (this.#chance.fails()) return;
    const refusal = this.#do(action);
    if (refusal !== undefined && this.#chance === calm)
      throw new Error(`${action.kind} ${node}: ${refusal} in ${JSON.stringify(made.actions)}`);
    if (refusal !== undefined) return;
    const before = this.trees.synced(node);
    const done = { action, remote: this.trees.remote(node), local: this.trees.local(node) };
    const synced = afterAction(done, before);
    if (synced !== undefined) this.trees.setSynced(node, synced);
  }

  /** What the file system says, undefined when it is done. */
  #do(action: Action): string | undefined {
    const { node } = action;
    const local = this.trees.local(node);
    const remote = this.trees.remote(node);
    switch (action.kind) {
      case 'mkdir':
      case 'fetch':
        if (local !== undefined || remote === undefined) return 'EINVAL';
        return this.#place({ ...remote, settled: true });
      case 'replace':
        if (local === undefined || remote === undefined) return 'ENOENT';
        if (this.disk.get(node) !== this.trees.synced(node)?.hash) return 'content would be lost';
        return this.#place({ ...remote, parent: local.parent, name: local.name, settled: true });
      case 'attributes':
        if (local === undefined || remote === undefined) return 'ENOENT';
        this.trees.locals.set({ ...local, mode: remote.mode, mtime: remote.mtime, ...given(remote) });
        return undefined;
      case 'move':
        return local === undefined ? 'ENOENT' : this.#place({ ...local, parent: action.parent, name: action.name });
      case 'park':
        return local === undefined ? 'ENOENT' : this.#place({ ...local, name: temporaryName(local.name, node) });
      case 'remove':
        if (this.disk.get(node) !== this.trees.synced(node)?.hash) return 'content would be lost';
        this.trees.locals.delete(node);
        this.disk.delete(node);
        return undefined;
      case 'rmdir':
        if ([...this.trees.localChildren(node)].length > 0) return 'ENOTEMPTY';
        this.trees.locals.delete(node);
        return undefined;
    }
  }

  #place(entry: Local): string | undefined {
    const there = this.trees.localAt(entry.parent, entry.name);
    if (there !== undefined && there.id !== entry.id) return 'EEXIST';
    if (entry.parent !== rootId && this.trees.local(entry.parent)?.kind !== 'directory') return 'ENOENT';
    for (let up: NodeId | undefined = entry.parent; up !== undefined; up = this.trees.local(up)?.parent)
      if (up === entry.id) return 'EINVAL';
    const { id, parent, name, kind, target, size, mtime, mode, hash, settled } = entry;
    const link = target === undefined ? {} : { target };
    this.trees.locals.set({ id, parent, name, kind, ...link, size, mtime, mode, hash, settled, ...given(entry) });
    if (kind !== 'directory' && hash !== null) this.disk.set(id, hash);
    return undefined;
  }
}
