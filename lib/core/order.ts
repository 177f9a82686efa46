// Depth-first dependency order without recursion (a shift of 100,000 names is one chain), which breaks circles.
import type { NodeId } from './node.ts';

export interface Edge {
  readonly on: NodeId;
  /** The other one frees a name: a circle is broken here, by moving it to a temporary name first. */
  readonly name: boolean;
}

export interface Ordering {
  /** Each after what it depends on. */
  readonly sorted: readonly NodeId[];
  /** Whose turn has not come, because of themselves or of something they depend on. */
  readonly blocked: readonly NodeId[];
  /** To be moved to a temporary name before all else. */
  readonly parked: ReadonlySet<NodeId>;
}

interface Frame {
  readonly id: NodeId;
  readonly edges: readonly Edge[];
  next: number;
}

/**
 * `edges` gives undefined for a node whose turn has not come; `possible` is asked after everything it depends on came
 * through. `starts` may grow while it is read. A circle in which no edge is a name is a broken invariant: it throws.
 */
export function order(
  starts: Iterable<NodeId>,
  edges: (id: NodeId) => readonly Edge[] | undefined,
  possible: (id: NodeId, parked: ReadonlySet<NodeId>) => boolean,
): Ordering {
  const sorted: NodeId[] = [];
  const blocked: NodeId[] = [];
  const parked = new Set<NodeId>();
  const done = new Map<NodeId, boolean>();
  const open = new Map<NodeId, number>();
  const stack: Frame[] = [];

  const finish = (id: NodeId, ok: boolean): void => {
    done.set(id, ok);
    (ok ? sorted : blocked).push(id);
  };
  const enter = (id: NodeId): void => {
    const own = edges(id);
    if (own === undefined) {
      finish(id, false);
      return;
    }
    open.set(id, stack.length);
    stack.push({ id, edges: own, next: 0 });
  };
  const leave = (frame: Frame, ok: boolean): void => {
    stack.pop();
    open.delete(frame.id);
    finish(frame.id, ok);
  };

  for (const start of starts) {
    while (!done.has(start)) {
      if (stack.length === 0) enter(start);
      const frame = stack.at(-1);
      if (frame === undefined) continue;
      const edge = frame.edges[frame.next];
      if (edge === undefined) {
        leave(frame, possible(frame.id, parked));
        continue;
      }
      const freed = edge.name && parked.has(edge.on);
      const result = freed ? true : done.get(edge.on);
      if (result === true) frame.next++;
      else if (result === false) leave(frame, false);
      else if (open.has(edge.on)) {
        parked.add(weakest(stack, open.get(edge.on) ?? 0, edge));
        // What waits on the stack may no longer need what it waits for: begin again with that known.
        stack.length = 0;
        open.clear();
      } else enter(edge.on);
    }
  }
  return { sorted, blocked, parked };
}

/** The node of the circle to move out of the way: one whose name another one of the circle is waiting for. */
function weakest(stack: readonly Frame[], from: number, closing: Edge): NodeId {
  if (closing.name) return closing.on;
  for (let i = stack.length - 2; i >= from; i--) {
    const frame = stack[i];
    const edge = frame?.edges[frame.next];
    if (edge?.name === true) return edge.on;
  }
  throw new Error(`broken invariant: a circle without a name in it at ${closing.on}`);
}
