import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GroupCommit } from '../../lib/base/group-commit.ts';
import { openDatabase, type Database } from '../../lib/base/sqlite.ts';

const schema = { applicationId: 0x74657374, version: 1, create: 'CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT' };

describe('group commit', () => {
  let dir: string;
  let db: Database;
  let group: GroupCommit;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'group-'));
    db = openDatabase(path.join(dir, 'state.db'), schema);
    group = new GroupCommit(db);
  });
  afterEach(() => {
    if (db.isOpen) db.close();
    rmSync(dir, { recursive: true });
  });

  const insert = (n: number): Promise<number> =>
    group.run(() => {
      db.prepare('INSERT INTO t VALUES (?)').run(n);
      return n;
    });
  const rows = (): number[] =>
    db
      .prepare('SELECT n FROM t ORDER BY n')
      .all()
      .map((row) => Number(row['n']));

  test('each caller gets his own answer', async () => {
    expect(await Promise.all([insert(1), insert(2), insert(3)])).toEqual([1, 2, 3]);
    expect(rows()).toEqual([1, 2, 3]);
  });

  test('what one throws undoes his part alone', async () => {
    const refused = group.run(() => {
      db.prepare('INSERT INTO t VALUES (10)').run();
      throw new Error('no');
    });
    const all = await Promise.allSettled([insert(1), refused, insert(2), insert(1)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(rows()).toEqual([1, 2]);
  });

  test('what throws alone is undone whole, and what comes after it is not', async () => {
    const refused = group.run(() => {
      db.prepare('INSERT INTO t VALUES (10)').run();
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    expect([rows(), db.isTransaction]).toEqual([[], false]);
    await insert(2);
    expect(rows()).toEqual([2]);
  });

  test('nothing runs inside the call, and nobody is answered before the end of the transaction', async () => {
    let open: boolean | undefined;
    const done = insert(1).then(() => (open = db.isTransaction));
    expect(rows()).toEqual([]);
    await done;
    expect(open).toBe(false);
  });

  test('flush brings what waits to disk, now; then the database can be closed and opened again', async () => {
    const waiting = [insert(1), insert(2)];
    group.flush();
    db.close();
    await Promise.all(waiting);
    db = openDatabase(path.join(dir, 'state.db'), schema);
    expect(rows()).toEqual([1, 2]);
  });

  test('a database that is gone answers everybody with its error', async () => {
    const waiting = insert(1);
    db.close();
    await expect(waiting).rejects.toThrow(/not open|finalized/);
  });

  test('many callers over many turns all come through', async () => {
    const all = Array.from({ length: 300 }, async (_, index) => {
      for (let turn = 0; turn < index % 7; turn++) await new Promise((resolve) => setImmediate(resolve));
      return insert(index);
    });
    await Promise.all(all);
    expect(rows()).toHaveLength(300);
  });
});
