// Two agents with one state (a machine that was copied while it ran) name different operations alike: the committer takes
// the first of each name, and the other agent would take that outcome for its own, and with it lose what it sent.
import type { LogRow } from '../protocol/log-row.ts';
import type { Operation } from '../protocol/operation.ts';

/** Whether `row` can be the outcome of what was sent under its name. What was refused or parked may be anything: it is planned again. */
export function isOutcomeOf(sent: Operation, row: LogRow): boolean {
  if (row.outcome === 'rejected' || row.outcome === 'parked') return true;
  if (sent.kind === 'none') return row.op === 'none';
  if (row.op !== sent.kind || row.node !== sent.node) return false;
  const puts = row.effects.flatMap((effect) => ('put' in effect ? [effect.put] : []));
  const here = puts.find(({ id }) => id === (row.became ?? row.node));
  // Merged with what was there; or somebody else has written into it, and the row tells of that alone.
  if (here === undefined || here.author !== row.server) return true;
  if ('content' in sent && here.hash !== sent.content.hash) return false;
  // What made way for it, or was found on the way, may have its name.
  if (row.outcome === 'conflict' || puts.some((put) => put.author !== row.server)) return true;
  const named = sent.kind === 'create' || sent.kind === 'mkdir' || sent.kind === 'move';
  return !named || here.name === sent.name;
}
