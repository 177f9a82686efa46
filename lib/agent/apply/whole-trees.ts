import { rootId, type NodeId } from '../../core/node.ts';
import type { Action, Local, Trees } from '../../core/trees.ts';

/**
 * Directories that go with all that is in them, each with the removals of that, its own last: these can be done in one. Of
 * directories within each other the topmost one. `actions` are in the planner's order.
 */
export function wholeTrees(
  state: Pick<Trees, 'local' | 'localChildren'>,
  actions: readonly Action[],
): ReadonlyMap<NodeId, readonly Action[]> {
  const removals = new Map<NodeId, Action>();
  for (const action of actions)
    if (action.kind === 'remove' || action.kind === 'rmdir') removals.set(action.node, action);
  const parts = new Map<NodeId, readonly Local[] | undefined>();
  // What is in a directory goes before it, so it is known by then.
  for (const { kind, node } of removals.values()) {
    if (kind !== 'rmdir') continue;
    const children = [...state.localChildren(node)];
    const whole = children.every(
      (child) => removals.has(child.id) && (child.kind !== 'directory' || parts.get(child.id) !== undefined),
    );
    parts.set(node, whole ? children : undefined);
  }
  const trees = new Map<NodeId, readonly Action[]>();
  for (const [node, children] of parts) {
    const parent = state.local(node)?.parent ?? rootId;
    if (children === undefined || children.length === 0 || parts.get(parent) !== undefined) continue;
    trees.set(node, [...below(node, parts, removals)].toReversed());
  }
  return trees;
}

/** Directories before what is in them. */
function* below(
  top: NodeId,
  parts: ReadonlyMap<NodeId, readonly Local[] | undefined>,
  removals: ReadonlyMap<NodeId, Action>,
): Iterable<Action> {
  const open = [top];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const action = removals.get(id);
    if (action !== undefined) yield action;
    for (const child of parts.get(id) ?? []) open.push(child.id);
  }
}
