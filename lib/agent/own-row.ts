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
  // Merged with what was there; or something that somebody else made is in it, and the row may tell of that alone.
  if (puts.length === 0 || puts.some((put) => put.author !== row.server)) return true;
  if ('content' in sent && !puts.some((put) => put.hash === sent.content.hash)) return false;
  const named = sent.kind === 'create' || sent.kind === 'mkdir' || sent.kind === 'move';
  return !named || row.outcome === 'conflict' || puts.some((put) => put.name === sent.name);
}
