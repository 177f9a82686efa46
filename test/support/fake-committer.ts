// An honest small committer over a namespace in memory: enough of the semantics for tests of agents.
import { given } from '../../lib/core/attributes.ts';
import { conflictName } from '../../lib/core/conflict-name.ts';
import { fold } from '../../lib/core/fold.ts';
import { rootId, type NodeId, type NodeState } from '../../lib/core/node.ts';
import { plainName } from '../../lib/core/temporary-name.ts';
import type { Effect, LogRow } from '../../lib/protocol/log-row.ts';
import type { Operation } from '../../lib/protocol/operation.ts';

export interface Stored {
  readonly etag: string;
  readonly bytes: Buffer;
}

type Verdict = Pick<LogRow, 'outcome' | 'code' | 'became' | 'effects'>;

export class Namespace {
  readonly nodes = new Map<NodeId, NodeState>();
  readonly contents = new Map<NodeId, Stored>();
  readonly log: LogRow[] = [];
  readonly #places = new Map<string, NodeId>();
  readonly #aliases = new Map<NodeId, NodeId>();
  readonly #dead = new Map<NodeId, NodeState>();
  floor = 0;

  get seq(): number {
    return this.log.length;
  }

  commit(
    by: { endpoint: string; server: string; incarnation: number; n: number; at: number },
    operation: Operation,
    staged: Stored | undefined,
  ): LogRow {
    const seq = this.seq + 1;
    const verdict = this.#decide(operation, seq, by.server, staged);
    const row: LogRow = {
      v: 1,
      seq,
      ...by,
      op: operation.kind,
      ...(operation.kind === 'none' ? {} : { node: operation.node }),
      ...verdict,
    };
    this.log.push(row);
    return row;
  }

  restoreTo(seq: number): void {
    const rows = this.log.splice(0).slice(0, seq);
    for (const all of [this.nodes, this.#places, this.#aliases, this.#dead]) all.clear();
    for (const row of rows) {
      this.log.push(row);
      for (const effect of row.effects)
        if ('put' in effect) this.#put(effect.put);
        else if ('drop' in effect) {
          const node = this.nodes.get(effect.drop);
          if (node !== undefined) this.#drop(node);
        } else this.#aliases.set(effect.alias, effect.to);
    }
  }

  at(parent: NodeId, name: string): NodeState | undefined {
    const id = this.#places.get(keyOf(parent, name));
    return id === undefined ? undefined : this.nodes.get(id);
  }

  children(parent: NodeId): readonly NodeState[] {
    return [...this.nodes.values()].filter((node) => node.parent === parent);
  }

  #live(id: NodeId): NodeId {
    return this.#aliases.get(id) ?? id;
  }

  #decide(operation: Operation, seq: number, server: string, staged: Stored | undefined): Verdict {
    switch (operation.kind) {
      case 'none':
        return { outcome: 'applied', effects: [] };
      case 'mkdir':
        return this.#mkdir(operation, seq, server);
      case 'create':
        if (staged === undefined) return reject('not_staged');
        return this.#create(operation, seq, server, staged);
      case 'edit':
        if (staged === undefined) return reject('not_staged');
        return this.#edit(operation, seq, server, staged);
      case 'move':
        return this.#move(operation, seq, server);
      case 'delete': {
        const node = this.nodes.get(this.#live(operation.node));
        if (node === undefined) return reject('absent');
        if (node.version !== operation.base) return reject('changed');
        return { outcome: 'applied', effects: [this.#drop(node)] };
      }
      case 'rmdir': {
        const node = this.nodes.get(this.#live(operation.node));
        if (node === undefined) return reject('absent');
        if (this.#below(node.id).some((each) => each.seq > operation.asOf)) return reject('changed_below');
        return { outcome: 'applied', effects: [this.#drop(node)] };
      }
      case 'attributes': {
        const node = this.nodes.get(this.#live(operation.node));
        if (node === undefined) return reject('absent');
        if (node.kind !== 'directory' && node.version !== operation.base) return reject('changed');
        return {
          outcome: 'applied',
          effects: [
            this.#put({
              ...node,
              seq,
              ...given(operation),
              mode: operation.mode ?? node.mode,
              mtime: operation.mtime ?? node.mtime,
            }),
          ],
        };
      }
    }
  }

  #mkdir(operation: Extract<Operation, { kind: 'mkdir' }>, seq: number, server: string): Verdict {
    const effects: Effect[] = [];
    const parent = this.#parent(operation.parent, seq, effects);
    if (parent === undefined) return reject('no_parent');
    const there = this.at(parent, operation.name);
    if (there?.kind === 'directory') {
      this.#aliases.set(operation.node, there.id);
      return { outcome: 'applied', effects: [...effects, { alias: operation.node, to: there.id }] };
    }
    if (there !== undefined) effects.push(this.#aside(there, there.author, seq));
    effects.push(
      this.#put({
        ...directory(operation.node, parent, operation.name, operation.mode, seq, server),
        ...given(operation),
      }),
    );
    return { outcome: there === undefined ? 'applied' : 'conflict', effects };
  }

  #create(operation: Extract<Operation, { kind: 'create' }>, seq: number, server: string, staged: Stored): Verdict {
    const effects: Effect[] = [];
    const parent = this.#parent(operation.parent, seq, effects);
    if (parent === undefined) return reject('no_parent');
    const { node: id, name, mtime } = operation;
    const there = this.at(parent, name);
    const mine = file(operation, id, parent, name, seq, server);
    if (there === undefined) return { outcome: 'applied', effects: [...effects, this.#store(mine, staged)] };
    if (isSame(there, mine)) {
      this.#aliases.set(id, there.id);
      return { outcome: 'applied', effects: [...effects, { alias: id, to: there.id }] };
    }
    if (there.kind !== 'directory' && BigInt(mtime) > BigInt(there.mtime)) {
      effects.push(this.#aside(there, there.author, seq));
      return { outcome: 'conflict', effects: [...effects, this.#store(mine, staged)] };
    }
    const copy = { ...mine, name: this.#freeName(parent, name, server) };
    return { outcome: 'conflict', effects: [...effects, this.#store(copy, staged)] };
  }

  #edit(operation: Extract<Operation, { kind: 'edit' }>, seq: number, server: string, staged: Stored): Verdict {
    const { mtime, base } = operation;
    const id = this.#live(operation.node);
    const node = this.nodes.get(id);
    const effects: Effect[] = [];
    if (node === undefined) {
      const parent = this.#parent(operation.parent, seq, effects);
      if (parent === undefined) return reject('no_parent');
      const name =
        this.at(parent, operation.name) === undefined ? operation.name : this.#freeName(parent, operation.name, server);
      return {
        outcome: 'applied',
        effects: [...effects, this.#store(file(operation, id, parent, name, seq, server), staged)],
      };
    }
    const next = { ...given(node), ...file(operation, id, node.parent, node.name, seq, server) };
    if (node.kind !== next.kind) return reject('kind_changed');
    if (node.version === base || isSame(node, next))
      return { outcome: 'applied', effects: [this.#store(next, staged)] };
    const copyId = `copy-${seq}`;
    if (BigInt(mtime) > BigInt(node.mtime)) {
      const old = this.contents.get(id);
      const copy = {
        ...node,
        id: copyId,
        seq,
        version: seq,
        name: this.#freeName(node.parent, node.name, node.author),
      };
      effects.push(this.#store(copy, old ?? { etag: node.etag, bytes: Buffer.alloc(0) }), this.#store(next, staged));
      return { outcome: 'conflict', effects };
    }
    const copy = { ...next, id: copyId, name: this.#freeName(node.parent, node.name, server) };
    return { outcome: 'conflict', became: copyId, effects: [this.#store(copy, staged)] };
  }

  #move(operation: Extract<Operation, { kind: 'move' }>, seq: number, server: string): Verdict {
    const node = this.nodes.get(this.#live(operation.node));
    if (node === undefined) return reject('absent');
    const effects: Effect[] = [];
    const parent = this.#parent(operation.parent, seq, effects);
    if (parent === undefined) return reject('no_parent');
    for (let up: NodeId | undefined = parent; up !== undefined; up = this.nodes.get(up)?.parent)
      if (up === node.id) return reject('cycle');
    const there = this.at(parent, operation.name);
    if (there === undefined || there.id === node.id)
      return { outcome: 'applied', effects: [...effects, this.#put({ ...node, seq, parent, name: operation.name })] };
    if (node.kind === 'directory' && there.kind !== 'directory') {
      effects.push(this.#aside(there, there.author, seq), this.#put({ ...node, seq, parent, name: operation.name }));
      return { outcome: 'conflict', effects };
    }
    const name = this.#freeName(parent, operation.name, server);
    return { outcome: 'conflict', effects: [...effects, this.#put({ ...node, seq, parent, name })] };
  }

  /** The live parent; a deleted chain comes back with its ids. */
  #parent(id: NodeId, seq: number, effects: Effect[]): NodeId | undefined {
    const live = this.#live(id);
    if (live === rootId || this.nodes.get(live)?.kind === 'directory') return live;
    const dead = this.#dead.get(live);
    if (dead === undefined || dead.kind !== 'directory') return undefined;
    const parent = this.#parent(dead.parent, seq, effects);
    if (parent === undefined) return undefined;
    const name = plainName(dead.name, dead.id);
    const there = this.at(parent, name);
    if (there?.kind === 'directory') {
      this.#aliases.set(live, there.id);
      effects.push({ alias: live, to: there.id });
      return there.id;
    }
    effects.push(this.#put({ ...dead, parent, name, seq }));
    return live;
  }

  #aside(node: NodeState, server: string, seq: number): Effect {
    return this.#put({ ...node, seq, name: this.#freeName(node.parent, node.name, server) });
  }

  #freeName(parent: NodeId, name: string, server: string): string {
    for (let attempt = 0; ; attempt++) {
      const candidate = conflictName(name, server, attempt);
      if (this.at(parent, candidate) === undefined) return candidate;
    }
  }

  #store(node: NodeState, stored: Stored): Effect {
    this.contents.set(node.id, stored);
    return this.#put({ ...node, etag: stored.etag });
  }

  #put(node: NodeState): Effect {
    const before = this.nodes.get(node.id);
    if (before !== undefined && this.#places.get(keyOf(before.parent, before.name)) === node.id)
      this.#places.delete(keyOf(before.parent, before.name));
    this.nodes.set(node.id, node);
    this.#places.set(keyOf(node.parent, node.name), node.id);
    this.#dead.delete(node.id);
    return { put: node };
  }

  #drop(node: NodeState): Effect {
    for (const each of [...this.#below(node.id), node]) {
      this.nodes.delete(each.id);
      this.#places.delete(keyOf(each.parent, each.name));
      this.#dead.set(each.id, each);
    }
    return { drop: node.id };
  }

  #below(id: NodeId): readonly NodeState[] {
    if (this.nodes.get(id)?.kind !== 'directory') return [];
    return this.children(id).flatMap((child) => [child, ...this.#below(child.id)]);
  }
}

function reject(code: string): Verdict {
  return { outcome: 'rejected', code, effects: [] };
}

function keyOf(parent: NodeId, name: string): string {
  return `${parent}/${fold(name)}`;
}

const nowhere = { etag: '', fileId: '', lastWrite: '' };

function directory(id: NodeId, parent: NodeId, name: string, mode: number, seq: number, author: string): NodeState {
  return {
    id,
    parent,
    name,
    kind: 'directory',
    version: 0,
    seq,
    size: 0,
    hash: null,
    mtime: '0',
    mode,
    author,
    ...nowhere,
  };
}

type WithContent = Extract<Operation, { kind: 'create' | 'edit' }>;

function file(
  operation: WithContent,
  id: NodeId,
  parent: NodeId,
  name: string,
  seq: number,
  author: string,
): NodeState {
  const { content, target, mtime, mode } = operation;
  const { size, hash } = content;
  const kind = target === undefined ? { kind: 'file' as const } : { kind: 'link' as const, target };
  const more = given(operation);
  return { id, parent, name, ...kind, version: seq, seq, size, hash, mtime, mode, ...more, author, ...nowhere };
}

function isSame(a: NodeState, b: NodeState): boolean {
  return a.kind === b.kind && (a.kind === 'link' ? a.target === b.target : a.hash === b.hash);
}
