// Depth-first dependency order without recursion (a shift of 100,000 names is one chain), which breaks circles.
import type { NodeId } from './node.ts';

export interface Edge {
  readonly on: NodeId;
  /**
   * `name`: the other one frees a name; a circle is broken here, by moving it to a temporary name first. `wish`: better
   * after the other one, but a circle without a name is broken here, by leaving it to the committer.
   */
  readonly kind: 'must' | 'name' | 'wish';
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
 * through. `starts` may grow while it is read. A circle of `must` alone is a broken invariant: it throws.
 */
export function order(
  starts: Iterable<NodeId>,
  edges: (id: NodeId) => readonly Edge[] | undefined,
  possible: (id: NodeId, parked: ReadonlySet<NodeId>) => boolean,
): Ordering {
  const sorted: NodeId[] = [];
  const blocked: NodeId[] = [];
  const parked = new Set<NodeId>();
  const waived = new Set<string>();
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

  const isGiven = (from: NodeId, { kind, on }: Edge): boolean =>
    kind === 'name' ? parked.has(on) : kind === 'wish' && waived.has(`${from} ${on}`);

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
      const result = isGiven(frame.id, edge) ? true : done.get(edge.on);
      if (result === true || (result === false && edge.kind === 'wish')) frame.next++;
      else if (result === false) leave(frame, false);
      else if (open.has(edge.on)) {
        const weak = weakest(stack, open.get(edge.on) ?? 0, { from: frame.id, edge });
        if (weak.edge.kind === 'name') parked.add(weak.edge.on);
        else waived.add(`${weak.from} ${weak.edge.on}`);
        // What waits on the stack may no longer need what it waits for: begin again with that known.
        stack.length = 0;
        open.clear();
      } else enter(edge.on);
    }
  }
  return { sorted, blocked, parked };
}

interface Link {
  readonly from: NodeId;
  readonly edge: Edge;
}

/** Where the circle is to be opened: at a name that one waits for, else at a wish. */
function weakest(stack: readonly Frame[], from: number, closing: Link): Link {
  const circle = [closing];
  for (const { id, edges, next } of stack.slice(from, -1).toReversed()) {
    const edge = edges[next];
    if (edge !== undefined) circle.push({ from: id, edge });
  }
  const link = circle.find(({ edge }) => edge.kind === 'name') ?? circle.find(({ edge }) => edge.kind === 'wish');
  if (link === undefined) throw new Error(`broken invariant: a circle without a name in it at ${closing.edge.on}`);
  return link;
}
