import type { NodeId } from '../../core/node.ts';
import type { Operation } from '../../protocol/operation.ts';

/**
 * What operations without an outcome do to names. The remote tree does not tell before the log does, and an operation that
 * comes in between would take the name from this site's own file: a conflict with nobody.
 */
export class Claims {
  readonly #taken = new Map<string, NodeId>();
  readonly #leaving = new Set<NodeId>();

  add(operation: Operation): void {
    if (takes(operation)) this.#taken.set(keyOf(operation.parent, operation.name), operation.node);
    if (leaves(operation)) this.#leaving.add(operation.node);
  }

  drop(operation: Operation): void {
    if (takes(operation)) {
      const key = keyOf(operation.parent, operation.name);
      if (this.#taken.get(key) === operation.node) this.#taken.delete(key);
    }
    if (leaves(operation)) this.#leaving.delete(operation.node);
  }

  /** The node that will have this name. */
  at(parent: NodeId, name: string): NodeId | undefined {
    return this.#taken.get(keyOf(parent, name));
  }

  /** Whether the node will no longer have the name that it has. */
  leaves(node: NodeId): boolean {
    return this.#leaving.has(node);
  }
}

type Taking = Extract<Operation, { kind: 'create' | 'mkdir' | 'move' }>;
type Leaving = Extract<Operation, { kind: 'move' | 'delete' | 'rmdir' }>;

function takes(operation: Operation): operation is Taking {
  const { kind } = operation;
  return kind === 'create' || kind === 'mkdir' || kind === 'move';
}

function leaves(operation: Operation): operation is Leaving {
  const { kind } = operation;
  return kind === 'move' || kind === 'delete' || kind === 'rmdir';
}

function keyOf(parent: NodeId, name: string): string {
  return `${parent}/${name}`;
}
