// Transactions on `head`. A transaction can time out after it was applied, and the client's own retry then meets our own
// write as a conflict: so after every error the head is read back, and its txnId decides (fault 3).
import type { Row, Table, Write } from './ports.ts';
import { headKey, headRow, type HeadRow } from './rows.ts';
import type { View } from './view.ts';

/** Somebody else has committed since the head was read. */
export class HeadMoved extends Error {
  constructor(options?: ErrorOptions) {
    super('the head has moved', options);
    this.name = 'HeadMoved';
  }
}

/**
 * The reason of an error. Rows that were read while somebody else committed (by one who stood still in between, say) contradict
 * each other as nothing that is in the table ever does: what came of that says nothing of the rows, but that we were overtaken.
 */
export async function reasonOf(table: Table, view: View, error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !error.message.startsWith('broken invariant')) return error;
  try {
    const row = await table.get(view.group, headKey);
    const isMoved = row !== undefined && headRow.parse(row.value).txnId !== view.head.row.txnId;
    return isMoved ? new HeadMoved({ cause: error }) : error;
  } catch {
    return error; // nobody can say now: it stays what it looks like
  }
}

/** Writes `head` with the rows, if the head is still the one of `view`; the view then knows what it wrote. */
export async function transactHead(
  table: Table,
  view: View,
  head: Omit<HeadRow, 'v' | 'epoch'>,
  writes: readonly Write[],
): Promise<void> {
  const next: HeadRow = { ...view.head.row, ...head };
  const all: Write[] = [{ do: 'replace', key: headKey, value: next, etag: view.head.etag }, ...writes];
  let etags: readonly string[];
  try {
    etags = await table.transact(view.group, all);
  } catch (error) {
    const now = await table.get(view.group, headKey);
    const row = now === undefined ? undefined : headRow.parse(now.value);
    if (now === undefined || row?.txnId !== head.txnId) {
      view.forget(); // whichever row it was that had moved, what is cached of it is wrong
      if (row !== undefined && row.txnId !== view.head.row.txnId) throw new HeadMoved();
      throw error;
    }
    // Applied, but the ETags of its rows are not known: nothing is cached. Of the head it is the one that was read here.
    // RACE: read once more it may be another one's already, and a committer that was held up in between would go on with
    // an old intent under a head that is not its own.
    view.startFrom({ row, etag: now.etag });
    return;
  }
  const written: Row[] = [];
  const deleted: string[] = [];
  for (const [index, write] of all.entries()) {
    if (write.do === 'delete') deleted.push(write.key);
    else written.push({ key: write.key, etag: etags[index] ?? '', value: write.value });
  }
  view.advance(next, etags[0] ?? '', written, deleted);
}
