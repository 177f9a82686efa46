// One step of collecting, and whether another one is of any use.
import { collect } from './collect.ts';
import type { Cloud } from '../group.ts';
import type { Share, Table } from '../ports.ts';
import { isMoreDue, postpone } from './due.ts';

const stuckMs = 5 * 60_000;

/** Answers when the next step is due, 0 for at once; null: nothing is left, or nothing that can be done now. */
export async function collectStep(cloud: Cloud, group: string): Promise<number | null> {
  const done = { changes: 0 };
  // What grows old while this goes on is not stuck: put off, it would stay for minutes though nobody has it open.
  const began = cloud.clock.now();
  const left = await collect(
    { ...cloud, table: counting(cloud.table, done), share: (name) => noting(cloud.share(name), done) },
    group,
  );
  if (left === undefined || !(await isMoreDue(cloud, group, began, left))) return null;
  if (done.changes > 0) return 0;
  await postpone(cloud, group, stuckMs);
  return null;
}

function counting(table: Table, done: { changes: number }): Table {
  return {
    get: (group, key) => table.get(group, key),
    range: (group, from, to, limit) => table.range(group, from, to, limit),
    transact: async (group, writes) => {
      const etags = await table.transact(group, writes);
      done.changes++;
      return etags;
    },
  };
}

function noting(share: Share, done: { changes: number }): Share {
  return {
    ...share,
    remove: async (path, kind) => {
      await share.remove(path, kind);
      done.changes++;
    },
  };
}
