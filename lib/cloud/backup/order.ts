// The outbox of author `backup`. An operation is a row before it is a message, under a name that whoever orders it chose: so
// it may be ordered any number of times, and the message be lost or doubled. The committer closes the row with its log row.
import { inGroups } from '../../base/pool.ts';
import { cloudSigner, maxOrders, seal } from '../../protocol/message.ts';
import type { AuthorOperation } from '../../protocol/operation.ts';
import type { Cloud } from '../group.ts';
import { RowConflict, type Write } from '../ports.ts';
import { endpointKey, type EndpointRow } from '../rows.ts';
import { readBook, type Book } from './book.ts';
import { nextKey, orderKey, type OrderRow } from './rows.ts';

type WithoutName<T> = T extends unknown ? Omit<T, 'order'> : never;
export type Order = WithoutName<AuthorOperation>;

/** Orders operations by name, of which some may be ordered already, and sends all that is open. */
export async function order(cloud: Cloud, group: string, wanted: ReadonlyMap<string, Order>): Promise<void> {
  for (;;) {
    const book = await readBook(cloud, group);
    const fresh = [...wanted].filter(([name]) => !book.orders.some(({ key }) => key === orderKey(name)));
    try {
      // The author, the next number and each order are a row.
      for (const some of fresh.length === 0 ? [] : [fresh.slice(0, 90)])
        await cloud.table.transact(group, writesOf(cloud, book, some));
    } catch (error) {
      if (error instanceof RowConflict) continue; // somebody else ordered meanwhile: look again
      throw error;
    }
    if (fresh.length === 0) return sendOpen(cloud, group, book);
  }
}

function writesOf(cloud: Cloud, book: Book, fresh: readonly (readonly [string, Order])[]): readonly Write[] {
  const next = book.next?.value.next ?? 1;
  const at = cloud.clock.now();
  const orders = fresh.map(([name, wanted], index): Write => {
    const value: OrderRow = { v: 1, n: next + index, at, operation: { ...wanted, order: name } };
    return { do: 'insert', key: orderKey(name), value };
  });
  const value = { v: 1, next: next + fresh.length };
  return [
    book.next === undefined
      ? { do: 'insert', key: nextKey, value }
      : { do: 'replace', key: nextKey, value, etag: book.next.etag },
    ...(book.author === undefined ? [firstAuthor(at)] : []),
    ...orders,
  ];
}

/** Its incarnation is not that of another group which had this share before: by it snapshots are found again. */
function firstAuthor(incarnation: number): Write {
  const value: EndpointRow = {
    v: 1,
    id: 'backup',
    server: 'Backup',
    path: '',
    slot: '',
    publicKey: '',
    holder: '',
    incarnation,
    n: 0,
  };
  return { do: 'insert', key: endpointKey('backup'), value };
}

/** Sends what the committer has not come to yet, from the first on: so no message of ours leaves a gap. */
export async function sendOpen(cloud: Cloud, group: string, { author, orders }: Book): Promise<void> {
  if (author === undefined) return;
  const open = orders.map(({ value }) => value).filter(({ n }) => n > author.n);
  for (const some of inGroups(open, maxOrders)) {
    const from = some[0]?.n ?? 0;
    const { incarnation } = author;
    const content = { v: 1 as const, group, author: 'backup' as const, incarnation, from };
    const message = { ...content, orders: some.map(({ operation }) => operation) };
    await cloud.changes.send(group, seal(message, cloudSigner, cloud.keys.privateKey));
  }
}
