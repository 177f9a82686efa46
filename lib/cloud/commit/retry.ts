// Parked operations are tried again by themselves: decided anew from what the namespace says now, one at a time (I15).
import { decidingOf, rejected } from './deciding.ts';
import { nextChunk } from './chunk.ts';
import { commitChunk, type Logged, type Turn } from './intent.ts';
import { after, endpointKey, endpointRow, parkedRow, type ParkedRow } from '../rows.ts';
import type { View } from '../view.ts';
import { stagedChecks } from './staged.ts';
import type { LogRow } from '../../protocol/log-row.ts';

const atOnce = 20;
export const maxParked = 1000;

/**
 * A state that took the place of another knows nothing of its deletes: it has told the site what the namespace has, and where
 * the same is there (somebody may have made it again) it counts as agreed. Deleted after that it would go there, too (I3).
 */
async function isSuperseded(view: View, { endpoint, incarnation, operation }: ParkedRow): Promise<boolean> {
  if (operation.kind !== 'delete' && operation.kind !== 'rmdir') return false;
  const row = await view.fresh(endpointKey(endpoint));
  return row !== undefined && endpointRow.parse(row.value).incarnation !== incarnation;
}

export async function retryParked(turn: Turn): Promise<Logged> {
  const { cloud, view, share } = turn;
  const rows: LogRow[] = [];
  const examine: string[] = [];
  const rowsNow = await cloud.table.range(view.group, 'parked|', after('parked|'), maxParked);
  // Those that are due: one that waits longer holds up none behind it.
  const due = rowsNow.map((row) => parkedRow.parse(row.value)).filter(({ nextAt }) => nextAt <= cloud.clock.now());
  for (const parked of due.slice(0, atOnce)) {
    const { endpoint, server, incarnation, n, operation, since, attempts } = parked;
    const staged = stagedChecks(share, endpoint, [operation]);
    const item = { n, operation, retry: { since, attempts } };
    for (;;) {
      const deciding = decidingOf(turn, { endpoint, server, incarnation }, staged);
      const chunk = (await isSuperseded(view, parked))
        ? [{ ...rejected(deciding, item, 'superseded'), retry: item.retry }]
        : await nextChunk(deciding, [item]);
      const logged = await commitChunk(turn, chunk);
      rows.push(...logged.rows);
      examine.push(...logged.examine);
      const own = chunk.some((planned) => planned.n === n);
      // Else a directory had to be revived first; where that failed the row stays for the next time.
      if (own || logged.rows.some((each) => each.outcome !== 'applied')) break;
    }
  }
  return { rows, examine };
}
