// Two agents with one state (a machine that was copied while it ran) name different operations alike: the committer takes
// the first of each name, and the other agent would take that outcome for its own, and with it lose what it sent.
import type { NodeState } from '../../core/node.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import type { Operation } from '../../protocol/operation.ts';

/** Whether `row` can be the outcome of what was sent under its name. What was refused or parked may be anything: it is planned again. */
export function isOutcomeOf(sent: Operation, row: LogRow): boolean {
  if (row.outcome === 'rejected' || row.outcome === 'parked') return true;
  if (sent.kind === 'none') return row.op === 'none';
  if (row.op !== sent.kind || row.node !== sent.node) return false;
  const puts = row.effects.flatMap((effect) => ('put' in effect ? [effect.put] : []));
  const merged = row.effects.flatMap((effect) =>
    'alias' in effect && effect.alias === row.node ? [effect.to] : [],
  )[0];
  const here = puts.find(({ id }) => id === (row.became ?? merged ?? row.node));
  if (here === undefined) return true;
  if ('content' in sent && isOther(sent, here)) return false;
  // Merged with what was there, which is the same; or somebody else has written into it, and the row tells of that alone.
  if (merged !== undefined || here.author !== row.server) return true;
  if ('content' in sent && here.hash !== sent.content.hash) return false;
  // What made way for it, or was found on the way, may have its name.
  if (row.outcome === 'conflict' || puts.some((put) => put.author !== row.server)) return true;
  const named = sent.kind === 'create' || sent.kind === 'mkdir' || sent.kind === 'move';
  return !named || here.name === sent.name;
}

/** What somebody wrote on the share has no hash. */
function isOther({ content, target }: Extract<Operation, { content: unknown }>, here: NodeState): boolean {
  return here.kind === 'link' ? here.target !== target : here.hash !== null && here.hash !== content.hash;
}
