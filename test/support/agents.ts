// Endpoints that propose operations from a tree that may be old, as agents do that were offline or are fast.
import { rootId, type NodeState } from '../../lib/core/node.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import type { Chance } from './chance.ts';
import type { CloudWorld } from './cloud-world.ts';
import type { Endpoint } from './endpoint.ts';
import { Replay } from './replay.ts';

const names = ['a', 'b', 'A', 'c.txt', 'C.TXT', 'con', 'x.'];

export class Agent {
  readonly endpoint: Endpoint;
  readonly #world: CloudWorld;
  readonly #chance: Chance;
  /** What it has read of the log. */
  #tree = new Replay();
  #cursor = 0;
  /** Directories it has proposed and not yet seen. */
  readonly #proposed: string[] = [];

  constructor(world: CloudWorld, endpoint: Endpoint, chance: Chance) {
    this.#world = world;
    this.endpoint = endpoint;
    this.#chance = chance;
  }

  read(): void {
    const rows = this.#world.rows();
    const until = this.#chance.is(70) ? rows.length : this.#chance.below(rows.length + 1);
    for (const row of rows) {
      if (row.seq <= this.#cursor || row.seq > until) continue;
      this.#tree.apply(row);
      this.#cursor = row.seq;
    }
  }

  propose(): readonly Operation[] {
    const operations: Operation[] = [];
    const busy = new Set<string>();
    const count = 1 + this.#chance.below(this.#chance.is(20) ? 12 : 4);
    for (let tries = 0; tries < 30 && operations.length < count; tries++) {
      const operation = this.#one();
      if (operation === undefined) continue;
      if ('node' in operation && busy.has(operation.node) && this.#chance.is(90)) continue;
      if ('node' in operation) busy.add(operation.node);
      if (operation.kind === 'mkdir') this.#proposed.push(operation.node);
      operations.push(operation);
    }
    return operations;
  }

  #one(): Operation | undefined {
    const { endpoint } = this;
    const [file, directory] = [this.#node(false), this.#node(true)];
    const made = { at: this.#chance.below(50), mode: this.#chance.pick([0o644, 0o600, 0o755]) ?? 0 };
    switch (this.#chance.below(12)) {
      case 0:
      case 1:
      case 2:
        if (this.#chance.is(15)) return endpoint.link(this.#parent(), this.#name(), this.#text(), made);
        return endpoint.create(this.#parent(), this.#name(), this.#text(), made);
      case 3:
        return endpoint.mkdir(this.#parent(), this.#name());
      case 4:
      case 5:
      case 6:
        if (file?.kind === 'link') return endpoint.relink(file, this.#text(), made);
        return file && endpoint.edit(file, this.#text(), made);
      case 7:
      case 8: {
        const node = this.#chance.is(50) ? file : directory;
        const parent = this.#chance.is(40) && node !== undefined ? node.parent : this.#parent();
        return node && { kind: 'move', node: node.id, parent, name: this.#chance.is(60) ? this.#name() : node.name };
      }
      case 9:
        return file && { kind: 'delete', node: file.id, base: file.version };
      case 10:
        return directory && this.#chance.is(50) ? { kind: 'rmdir', node: directory.id, asOf: this.#cursor } : undefined;
      default: {
        const node = this.#chance.is(80) ? file : directory;
        const mtime = endpoint.mtime(this.#chance.below(50));
        const owner = this.#chance.is(30) ? { owner: this.#chance.pick(['zoe', '1000']) } : {};
        return node && { kind: 'attributes', node: node.id, base: node.version, mode: made.mode, mtime, ...owner };
      }
    }
  }

  #node(directory: boolean): NodeState | undefined {
    return this.#chance.pick(
      [...this.#tree.nodes.values()].filter((node) => (node.kind === 'directory') === directory),
    );
  }

  #parent(): string {
    const known = [...this.#tree.nodes.values()].filter((node) => node.kind === 'directory').map((node) => node.id);
    return this.#chance.pick([rootId, ...known, ...this.#proposed.slice(-2)]) ?? rootId;
  }

  #name(): string {
    return this.#chance.pick(names) ?? 'a';
  }

  /** Seldom the same as one before: equal contents are a rule of their own. */
  #text(): string {
    return this.#chance.is(8)
      ? 'the same'
      : `${this.endpoint.server} ${this.#world.sent.length} ${this.#chance.below(1e6)}`;
  }
}
