// A part of an undelete, in the committer's turn: its items are committed in order, side by side where they do not meet, and
// what became of each is noted. A part that comes twice finds all of it alive, and says the same.
import type { UndeletePart } from '../../protocol/past.ts';
import { keysOf } from './chunk.ts';
import { decidingOf } from './deciding.ts';
import { Refused, Revive, type Asked, type Decision } from './decide/context.ts';
import { decideRevive } from './decide/tree.ts';
import { decideUndelete } from './decide/undelete.ts';
import { commitChunk, type Logged, type Turn } from './intent.ts';
import { Paths } from './paths.ts';
import { partKey, type PartRow } from '../past/undelete.ts';
import { pathOf } from '../past/locate.ts';
import { rowCost, type Planned } from './plan.ts';
import type { NodeRow } from '../rows.ts';

type Item = UndeletePart['items'][number];

const sender = { endpoint: 'cloud', server: 'Cloud', incarnation: 0 };
const budget = 96;
/** A chain of directories to revive first is never so deep. */
const maxRounds = 4096;

export async function undeletePart(turn: Turn, { id, part, items }: UndeletePart): Promise<Logged> {
  const rows: Logged['rows'][number][] = [];
  const examine: string[] = [];
  const refused = new Map<string, string>();
  let left: readonly Item[] = items;
  for (let round = 0; left.length > 0 && round < items.length + maxRounds; round++) {
    const { chunk, through } = await next(turn, left, refused);
    left = left.slice(through);
    if (chunk.length === 0) continue;
    const logged = await commitChunk(turn, chunk);
    rows.push(...logged.rows);
    examine.push(...logged.examine);
    for (const row of logged.rows) {
      if (row.outcome !== 'rejected' || row.node === undefined) continue;
      refused.set(row.node, row.code ?? 'refused');
      // A directory above that cannot come back: nothing in it can.
      if (row.op === 'revive' && left[0] !== undefined) left = skip(left, refused, row.code ?? 'refused');
    }
  }
  await note(turn, id, part, items, refused);
  return { rows, examine };
}

function skip(left: readonly Item[], refused: Map<string, string>, code: string): readonly Item[] {
  const first = left[0];
  if (first !== undefined) refused.set(first.node, code);
  return left.slice(1);
}

interface Next {
  readonly chunk: readonly Planned[];
  /** So many items are in it, or need nothing. */
  readonly through: number;
}

async function next(turn: Turn, items: readonly Item[], refused: Map<string, string>): Promise<Next> {
  const chunk: Planned[] = [];
  const taken = new Set<string>();
  const paths = new Paths();
  let rows = 0;
  for (const [index, item] of items.entries()) {
    const seq = turn.view.head.row.intentSeq + 1 + chunk.length;
    const at = decidingOf(turn, sender, async () => ({}));
    const asked: Asked = { ...sender, ...at, n: 0, seq, staged: undefined };
    turn.view.reads.clear();
    let planned: Planned;
    try {
      planned = plannedOf(asked, item.node, 'undelete', await decideUndelete(asked, item.node, item.from));
    } catch (error) {
      if (error instanceof Revive) {
        const top = error.chain[0];
        if (top === undefined || chunk.length > 0) return { chunk, through: index };
        return { chunk: [await revived(asked, top)], through: index };
      }
      if (!(error instanceof Refused)) throw error;
      refused.set(item.node, error.code);
      continue;
    }
    if (planned.changes.length === 0) continue;
    const keys = keysOf(planned.changes);
    const meets = [...turn.view.reads, ...keys].some((key) => taken.has(key)) || paths.meets(planned.steps);
    rows += rowCost(planned);
    if (chunk.length > 0 && (meets || rows > budget)) return { chunk, through: index };
    chunk.push(planned);
    paths.add(planned.steps);
    for (const key of keys) taken.add(key);
  }
  return { chunk, through: items.length };
}

async function revived(asked: Asked, top: NodeRow): Promise<Planned> {
  try {
    return plannedOf(asked, top.id, 'revive', await decideRevive(asked, top));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const nothing = { name: top.name, parent: top.parent, steps: [], changes: [] };
    return plannedOf(asked, top.id, 'revive', { ...nothing, outcome: 'rejected', code: error.code });
  }
}

function plannedOf(asked: Asked, node: string, op: string, decision: Decision): Planned {
  const { outcome, name, parent, code } = decision;
  const fixed = { ...sender, n: 0, seq: asked.seq, op, node, foreignId: asked.newId(), tries: 0 };
  const [steps, changes] = [[...decision.steps], [...decision.changes]];
  return { ...fixed, outcome, name, parent, steps, changes, ...(code === undefined ? {} : { code }) };
}

async function note(
  { cloud, view }: Turn,
  id: string,
  part: number,
  items: readonly Item[],
  refused: ReadonlyMap<string, string>,
): Promise<void> {
  const failed: PartRow['failed'] = [];
  for (const { node } of items) {
    const found = await view.find(node);
    if (found.state === 'alive') continue;
    const path = found.state === 'unknown' ? undefined : await pathOf(view, found.row);
    failed.push({ path: path ?? node, code: refused.get(node) ?? 'not_kept' });
  }
  const value: PartRow = { v: 1, restored: items.length - failed.length, failed };
  await cloud.table.transact(view.group, [{ do: 'put', key: partKey(id, part), value }]);
}
