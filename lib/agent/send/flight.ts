// An operation on its way. What was said cannot be unsaid: a message may be in the queue, or be committed already. So what is
// taken back is sent again as nothing under the same number, and whichever the committer meets first is the outcome.
import type { NodeId } from '../../core/node.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import type { Operation } from '../../protocol/operation.ts';

/** An operation without a final outcome. */
export interface Flight {
  readonly n: number;
  readonly operation: Operation;
  /** What it was before it was taken back. */
  readonly was?: Operation | undefined;
  /** Code of the latest `parked` row; null while there was none. */
  readonly parked: string | null;
}

/** What is parked the committer has: that comes to its end as it is. */
export function takenBack(flight: Flight): Flight {
  const { operation, parked } = flight;
  return parked !== null || operation.kind === 'none'
    ? flight
    : { ...flight, operation: { kind: 'none' }, was: operation };
}

/** What it is about, taken back or not. */
export function meantBy({ operation, was = operation }: Flight): Operation {
  return was;
}

/** Which of the two the row is the outcome of. */
export function sentAs({ operation, was }: Flight, { op }: Pick<LogRow, 'op'>): Operation {
  return was === undefined || op === 'none' ? operation : was;
}

export function nodeOf(flight: Flight): NodeId | undefined {
  const operation = meantBy(flight);
  return operation.kind === 'none' ? undefined : operation.node;
}
