// The tree that rows 1..n of a log make, as every agent builds it.
import { join, shareNameOf } from '../../lib/cloud/view.ts';
import { rootId, type NodeId, type NodeState } from '../../lib/core/node.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';

export class Replay {
  readonly nodes = new Map<NodeId, NodeState>();
  readonly aliases = new Map<NodeId, NodeId>();

  constructor(rows: readonly LogRow[] = []) {
    for (const row of rows) this.apply(row);
  }

  apply(row: LogRow): void {
    for (const effect of row.effects) {
      if ('put' in effect) this.nodes.set(effect.put.id, effect.put);
      else if ('drop' in effect) this.#drop(effect.drop);
      else this.aliases.set(effect.alias, effect.to);
    }
  }

  #drop(id: NodeId): void {
    this.nodes.delete(id);
    for (const node of this.nodes.values()) if (node.parent === id) this.#drop(node.id);
  }

  /** The Linux path of a node, undefined where its chain of parents does not reach the root. */
  pathOf(id: NodeId): string | undefined {
    const names: string[] = [];
    let at = id;
    for (let depth = 0; at !== rootId; depth++) {
      const node = this.nodes.get(at);
      if (node === undefined || depth > 100) return undefined;
      names.unshift(node.name);
      at = node.parent;
    }
    return names.join('/');
  }

  /** Its path on the share. */
  sharePathOf(id: NodeId): string {
    const node = this.nodes.get(id);
    return node === undefined ? '' : join(this.sharePathOf(node.parent), shareNameOf(node));
  }

  byPath(): ReadonlyMap<string, NodeState> {
    const out = new Map<string, NodeState>();
    for (const node of this.nodes.values()) out.set(this.pathOf(node.id) ?? `(orphan) ${node.id}`, node);
    return out;
  }
}
