// A small honest committer: one log, one namespace, the rules of conflict, nothing else. For tests of the planner.
import type { Effect, OutcomeRow } from '../../lib/core/advance.ts';
import { given } from '../../lib/core/attributes.ts';
import { conflictName } from '../../lib/core/conflict-name.ts';
import { MemoryTree } from '../../lib/core/memory-trees.ts';
import { rootId, type NodeId, type NodeState } from '../../lib/core/node.ts';
import { plainName } from '../../lib/core/temporary-name.ts';
import type { Sent } from '../../lib/core/settle.ts';

export type Asked = Exclude<Sent, { kind: 'none' }> & { readonly asOf?: number };
export interface Row extends OutcomeRow {
  readonly server: string;
  readonly n: number;
}

type Answer = Pick<OutcomeRow, 'outcome' | 'code' | 'became'>;
const applied: Answer = { outcome: 'applied' };
const refuse = (code: string): Answer => ({ outcome: 'rejected', code });

export class ModelCommitter {
  readonly nodes = new MemoryTree<NodeState>();
  readonly log: Row[] = [];
  readonly #dead = new Map<NodeId, NodeState>();
  readonly #alias = new Map<NodeId, NodeId>();
  #effects: Effect[] = [];
  #seq: number;
  #server = '';

  constructor(seq: number) {
    this.#seq = seq;
  }

  get head(): number {
    return this.#seq;
  }

  /** A node that was deleted before the log began. */
  bury(state: NodeState): void {
    this.#dead.set(state.id, state);
  }

  /** `veto` rejects it with that code, as a refused path would be. */
  commit(server: string, n: number, asked: Asked, veto?: string): void {
    this.#seq++;
    this.#effects = [];
    this.#server = server;
    const answer = veto === undefined ? this.#decide(asked) : refuse(veto);
    this.log.push({ seq: this.#seq, server, n, ...answer, effects: this.#effects });
  }

  #decide(asked: Asked): Answer {
    switch (asked.kind) {
      case 'create':
        return this.#create(asked);
      case 'edit':
        return this.#edit(asked);
      case 'mkdir':
        return this.#mkdir(asked);
      case 'move':
        return this.#move(asked);
      case 'delete': {
        const node = this.nodes.get(asked.node);
        if (node === undefined) return applied;
        if (node.version !== asked.base) return refuse('stale');
        this.#drop(asked.node);
        return applied;
      }
      case 'rmdir':
        if (this.nodes.get(asked.node) === undefined) return applied;
        if (this.#newest(asked.node) > (asked.asOf ?? 0)) return refuse('changed_below');
        this.#drop(asked.node);
        return applied;
      case 'attributes': {
        const node = this.nodes.get(asked.node);
        if (node === undefined || node.version !== asked.base) return refuse('stale');
        this.#put({ ...node, ...given(asked), mode: asked.mode ?? node.mode, mtime: asked.mtime ?? node.mtime });
        return applied;
      }
    }
  }

  #create(asked: Extract<Asked, { kind: 'create' | 'edit' }>): Answer {
    if (this.nodes.get(asked.node) !== undefined || this.#dead.has(asked.node)) return refuse('id_taken');
    const parent = this.#parent(asked.parent);
    if (parent === undefined) return refuse('parent_unknown');
    const there = this.nodes.at(parent, asked.name);
    const state = this.#state({ ...asked, parent });
    if (there === undefined) {
      this.#put(state);
      return applied;
    }
    if (isSame(there, state)) {
      this.#alias.set(asked.node, there.id);
      this.#effects.push({ alias: asked.node, to: there.id });
      return applied;
    }
    if (there.kind !== 'directory' && isNewer(state, there)) {
      this.#put({ ...there, name: this.#free(there) });
      this.#put(state);
    } else this.#put({ ...state, name: this.#free(state) });
    return { outcome: 'conflict' };
  }

  #edit(asked: Extract<Asked, { kind: 'edit' }>): Answer {
    const node = this.nodes.get(asked.node);
    if (node === undefined) {
      // Forgotten, or never there: it is made like a new one.
      if (!this.#dead.has(asked.node)) return this.#create(asked);
      const parent = this.#parent(asked.parent);
      if (parent === undefined) return refuse('parent_unknown');
      const state = this.#state({ ...asked, parent });
      this.#dead.delete(asked.node);
      const taken = this.nodes.at(parent, asked.name) !== undefined;
      this.#put(taken ? { ...state, name: this.#free(state) } : state);
      return { outcome: taken ? 'conflict' : 'applied' };
    }
    const state = { ...given(node), ...this.#state({ ...asked, parent: node.parent, name: node.name }) };
    if (node.version === asked.base) {
      this.#put(state);
      return applied;
    }
    if (isSame(node, state)) {
      this.#put({ ...node, ...given(asked), mtime: asked.mtime, mode: asked.mode });
      return applied;
    }
    const copy = `copy-${this.#seq}`;
    if (isNewer(state, node)) {
      this.#put(state);
      this.#put({ ...node, id: copy, name: this.#free(node), version: this.#seq });
      return { outcome: 'conflict' };
    }
    this.#put({ ...state, id: copy, name: this.#free(state) });
    return { outcome: 'conflict', became: copy };
  }

  #mkdir(asked: Extract<Asked, { kind: 'mkdir' }>): Answer {
    if (this.nodes.get(asked.node) !== undefined || this.#dead.has(asked.node)) return refuse('id_taken');
    const parent = this.#parent(asked.parent);
    if (parent === undefined) return refuse('parent_unknown');
    const there = this.nodes.at(parent, asked.name);
    if (there?.kind === 'directory') {
      this.#alias.set(asked.node, there.id);
      this.#effects.push({ alias: asked.node, to: there.id });
      return applied;
    }
    if (there !== undefined) this.#put({ ...there, name: this.#free(there) });
    this.#put(this.#state({ ...asked, parent }));
    return there === undefined ? applied : { outcome: 'conflict' };
  }

  #move(asked: Extract<Asked, { kind: 'move' }>): Answer {
    const node = this.nodes.get(asked.node);
    if (node === undefined) return refuse('gone');
    const parent = this.#parent(asked.parent);
    if (parent === undefined) return refuse('parent_unknown');
    for (let up: NodeId | undefined = parent; up !== undefined; up = this.nodes.get(up)?.parent)
      if (up === node.id) return refuse('cycle');
    const there = this.nodes.at(parent, asked.name);
    const state = { ...node, parent, name: asked.name };
    if (there === undefined || there.id === node.id) {
      this.#put(state);
      return applied;
    }
    if (node.kind === 'directory' && there.kind !== 'directory') {
      this.#put({ ...there, name: this.#free(there) });
      this.#put(state);
    } else this.#put({ ...state, name: this.#free(state) });
    return { outcome: 'conflict' };
  }

  /** The live directory, revived with those above it where they were deleted. */
  #parent(asked: NodeId): NodeId | undefined {
    const id = this.#alias.get(asked) ?? asked;
    if (id === rootId || this.nodes.get(id) !== undefined) return id;
    const dead = this.#dead.get(id);
    if (dead === undefined) return undefined;
    const parent = this.#parent(dead.parent);
    if (parent === undefined) return undefined;
    const name = plainName(dead.name, id);
    const there = this.nodes.at(parent, name);
    this.#dead.delete(id);
    if (there?.kind === 'directory') {
      this.#alias.set(id, there.id);
      this.#effects.push({ alias: id, to: there.id });
      return there.id;
    }
    const state = { ...dead, parent, name };
    this.#put(there === undefined ? state : { ...state, name: this.#free(state) });
    return id;
  }

  #free(state: { parent: NodeId; name: string }): string {
    for (let attempt = 0; ; attempt++) {
      const name = conflictName(state.name, this.#server, attempt);
      if (this.nodes.at(state.parent, name) === undefined) return name;
    }
  }

  #state(asked: Extract<Asked, { kind: 'create' | 'edit' | 'mkdir' }>): NodeState {
    const file = asked.kind !== 'mkdir';
    return {
      id: asked.node,
      parent: asked.parent,
      name: asked.name,
      ...kindOf(asked),
      ...given(asked),
      version: file ? this.#seq : 0,
      seq: this.#seq,
      size: file ? asked.content.size : 0,
      hash: file ? asked.content.hash : null,
      mtime: file ? asked.mtime : '0',
      mode: asked.mode,
      etag: '',
      fileId: '',
      lastWrite: '',
      author: this.#server,
    };
  }

  #put(state: NodeState): void {
    const put = { ...state, seq: this.#seq };
    this.nodes.set(put);
    this.#effects.push({ put });
  }

  #newest(id: NodeId): number {
    let newest = 0;
    for (const child of this.nodes.children(id)) newest = Math.max(newest, child.seq, this.#newest(child.id));
    return newest;
  }

  #drop(id: NodeId): void {
    this.#effects.push({ drop: id });
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const child of this.nodes.children(next)) open.push(child.id);
      const node = this.nodes.get(next);
      if (node !== undefined) this.#dead.set(next, node);
      this.nodes.delete(next);
    }
  }
}

function isNewer(a: NodeState, b: NodeState): boolean {
  return BigInt(a.mtime) > BigInt(b.mtime);
}

function kindOf(asked: Extract<Asked, { kind: 'create' | 'edit' | 'mkdir' }>): Pick<NodeState, 'kind' | 'target'> {
  if (asked.kind === 'mkdir') return { kind: 'directory' };
  return asked.target === undefined ? { kind: 'file' } : { kind: 'link', target: asked.target };
}

function isSame(a: NodeState, b: NodeState): boolean {
  return a.kind === b.kind && a.kind !== 'directory' && (a.kind === 'link' ? a.target === b.target : a.hash === b.hash);
}
