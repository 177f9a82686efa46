import type { LogRow } from '../../protocol/log-row.ts';
import type { State } from '../state/state.ts';

/** Inside the transaction that takes the row: which node holds the copy. */
export function noteConflict(state: State, row: LogRow): void {
  const became = row.became ?? copyOf(row) ?? row.node;
  if (became !== undefined) state.conflicts.put({ node: became, seq: row.seq, server: row.server });
}

/** Where what was there before lost the name: the other node that the row puts. */
function copyOf(row: LogRow): string | undefined {
  for (const effect of row.effects) if ('put' in effect && effect.put.id !== row.node) return effect.put.id;
  return undefined;
}
