// The planner: compares the three trees at the dirty nodes and says what is to be done. The way of a plan: what each node
// needs from its own states (intent.ts), what has to come before it (depend.ts), the order (order.ts), the answer (here).
// Rules P1.. and their tests are in SPEC.md.
import { edgesOf } from './depend.ts';
import { Intents, sameAs, type Step } from './intent.ts';
import { order } from './order.ts';
import type { NodeId } from './node.ts';
import { temporaryName } from './temporary-name.ts';
import type { Action, Plan, Proposal, Synced, Trees } from './trees.ts';

/**
 * What the dirty nodes need, and what they depend on. Looks at neighbours as needed (names, parents, what is below a
 * deleted directory), never at the whole tree. Pure: the same trees give the same plan.
 *
 * The caller takes `agreed` and `adopted` first, in one transaction, then does the rest; whatever that changes is dirty again (of an adopted
 * pair, `to` and the children of `from`). A node of `later` that is in flight needs no planning before its outcome.
 */
export function plan(trees: Trees, dirty: Iterable<NodeId>): Plan {
  const intents = new Intents(trees);
  for (const id of dirty) intents.of(id);
  // Of a parked node that is proposed only the temporary name is sent: one operation per node in flight.
  const possible = (id: NodeId, parked: ReadonlySet<NodeId>): boolean => {
    const { step } = intents.of(id);
    return step.kind !== 'waits' && !(step.kind === 'propose' && parked.has(id));
  };
  const { sorted, blocked, parked } = order(intents.ids(), (id) => edgesOf(trees, intents, id), possible);

  const proposals: Proposal[] = [];
  const names: Action[] = [];
  const contents: Action[] = [];
  for (const id of parked) {
    const { step } = intents.of(id);
    if (step.kind === 'act') names.push({ kind: 'park', node: id });
    else proposals.push(outOfTheWay(trees, id));
  }
  const rest = new Remainder();
  for (const id of sorted) {
    const { step } = intents.of(id);
    if (step.kind === 'propose') proposals.push(step.proposal);
    else if (step.kind === 'act') (isContent(step.action) ? contents : names).push(step.action);
    else rest.add(id, step);
  }
  for (const id of blocked) rest.add(id, intents.of(id).step);
  const agreed: { id: NodeId; synced: Synced | null }[] = [];
  for (const id of intents.ids()) {
    const { agreed: synced } = intents.of(id);
    if (synced !== undefined) agreed.push({ id, synced });
  }
  const lists = rest.lists();
  for (const { from, to } of lists.adopted) {
    const local = trees.local(from);
    const remote = trees.remote(to);
    // At once: if the remote one were deleted before, the local one would be taken for new under a deleted id (I5).
    if (local !== undefined && remote !== undefined) agreed.push({ id: to, synced: sameAs(local, remote) });
  }
  // Nothing that changes names waits for content, so one huge or failing file holds up nothing (I15).
  return { proposals, actions: [...names, ...contents], agreed, ...lists };
}

function isContent(action: Action): boolean {
  return action.kind === 'fetch' || action.kind === 'replace' || action.kind === 'attributes';
}

function outOfTheWay(trees: Trees, id: NodeId): Proposal {
  const remote = trees.remote(id);
  if (remote === undefined) throw new Error(`broken invariant: no remote name to free at ${id}`);
  return { kind: 'move', node: id, parent: remote.parent, name: temporaryName(remote.name, id) };
}

/** What leads to no step in this plan. */
class Remainder {
  readonly #hash: NodeId[] = [];
  readonly #later: NodeId[] = [];
  readonly #adopted: { from: NodeId; to: NodeId }[] = [];
  readonly #problems: { node: NodeId; code: string }[] = [];

  add(id: NodeId, step: Step): void {
    switch (step.kind) {
      case 'none':
      case 'covered':
        return;
      case 'hash':
        this.#hash.push(id);
        return;
      case 'adopt':
        this.#adopted.push({ from: id, to: step.to });
        return;
      case 'problem':
        this.#problems.push({ node: id, code: step.code });
        return;
      case 'later':
      case 'waits':
      case 'propose':
      case 'act':
        this.#later.push(id);
    }
  }

  lists(): Pick<Plan, 'hash' | 'later' | 'adopted' | 'problems'> {
    return { hash: this.#hash, later: this.#later, adopted: this.#adopted, problems: this.#problems };
  }
}
