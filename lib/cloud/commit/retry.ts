// Parked operations are tried again by themselves: decided anew from what the namespace says now, one at a time (I15).
import { decidingOf } from './deciding.ts';
import { nextChunk } from './chunk.ts';
import { commitChunk, type Logged, type Turn } from './intent.ts';
import { after, parkedRow } from '../rows.ts';
import { stagedChecks } from './staged.ts';
import type { LogRow } from '../../protocol/log-row.ts';

const atOnce = 20;
export const maxParked = 1000;

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
      const chunk = await nextChunk(decidingOf(turn, { endpoint, server, incarnation }, staged), [item]);
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
