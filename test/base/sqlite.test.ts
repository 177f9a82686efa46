import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GroupCommit } from '../../lib/base/group-commit.ts';
import { openDatabase, transaction, type Schema } from '../../lib/base/sqlite.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-sqlite-'));
  file = path.join(dir, 'state.db');
});
afterEach(() => rmSync(dir, { recursive: true }));

const first: Schema = { applicationId: 7, version: 1, create: 'CREATE TABLE t (x INTEGER) STRICT' };
const second: Schema = {
  applicationId: 7,
  version: 3,
  create: 'CREATE TABLE t (x INTEGER, y TEXT, z TEXT) STRICT',
  migrations: { 2: 'ALTER TABLE t ADD COLUMN y TEXT', 3: "ALTER TABLE t ADD COLUMN z TEXT; UPDATE t SET z = 'new'" },
};
const codeOf = (open: () => unknown): unknown => {
  try {
    open();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a state file', () => {
  test('is made, and found again', () => {
    openDatabase(file, first).close();
    const db = openDatabase(file, first);
    db.exec('INSERT INTO t VALUES (1)');
    db.close();
    expect(openDatabase(file, first).prepare('SELECT x FROM t').all()).toMatchObject([{ x: 1 }]);
  });

  test('of an older version is migrated step by step; a new one is made whole', () => {
    const old = openDatabase(file, first);
    old.exec('INSERT INTO t VALUES (1)');
    old.close();
    const db = openDatabase(file, second);
    expect(db.prepare('SELECT * FROM t').all()).toMatchObject([{ x: 1, y: null, z: 'new' }]);
    expect(db.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 3 });
    db.close();
    expect(openDatabase(path.join(dir, 'fresh.db'), second).prepare('SELECT * FROM t').all()).toEqual([]);
  });

  test('a migration that fails leaves the older version whole', () => {
    openDatabase(file, first).close();
    const broken: Schema = { ...second, migrations: { 2: 'ALTER TABLE t ADD COLUMN y TEXT', 3: 'nonsense' } };
    expect(() => openDatabase(file, broken)).toThrow('nonsense');
    const db = openDatabase(file, { ...second, version: 2 });
    expect(db.prepare('SELECT x, y FROM t').all()).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ['state_locked', () => openDatabase(file, first)],
    ['state_unusable', () => openDatabase(path.join(dir, 'none', 'state.db'), first)],
  ])('is refused with %s, its path and what to do', (code, open) => {
    const held = openDatabase(file, first);
    expect(codeOf(open)).toMatchObject({ code, path: expect.stringContaining('state.db'), hint: expect.any(String) });
    held.close();
  });

  test('of a newer version, or of another program, is refused and left as it is', () => {
    openDatabase(file, second).close();
    const before = readFileSync(file);
    expect(codeOf(() => openDatabase(file, first))).toMatchObject({ code: 'state_newer', path: file });
    expect(codeOf(() => openDatabase(file, { ...second, applicationId: 8 }))).toMatchObject({ code: 'state_foreign' });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("that is damaged is refused; what to do is the part's own", () => {
    writeFileSync(file, 'not a database at all, and long enough to be taken for a header of one, surely, by now');
    expect(codeOf(() => openDatabase(file, first))).toMatchObject({
      code: 'state_corrupt',
      hint: expect.stringMatching(/backup/),
    });
    expect(codeOf(() => openDatabase(file, { ...first, ifDamaged: 'Sing.' }))).toMatchObject({ hint: 'Sing.' });
  });

  test('a transaction that throws leaves nothing', () => {
    const db = openDatabase(file, first);
    const failing = (): void =>
      transaction(db, () => {
        db.exec('INSERT INTO t VALUES (1)');
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(db.prepare('SELECT * FROM t').all()).toEqual([]);
  });
});

describe('group commit', () => {
  test('of a file that was closed well begins with whatever comes first, be it a read', async () => {
    openDatabase(file, first).close();
    const db = openDatabase(file, first);
    const group = new GroupCommit(db);
    expect(await group.run(() => db.prepare('SELECT count(*) AS n FROM t').get())).toMatchObject({ n: 0 });
    await group.run(() => db.exec('INSERT INTO t VALUES (1)'));
    group.flush();
    db.close();
    expect(openDatabase(file, first).prepare('SELECT x FROM t').all()).toMatchObject([{ x: 1 }]);
  });

  test('undoes the part that throws, and keeps what was asked for beside it', async () => {
    const db = openDatabase(file, first);
    const group = new GroupCommit(db);
    const insert = (x: number): Promise<unknown> => group.run(() => db.prepare('INSERT INTO t VALUES (?)').run(x));
    const answers = await Promise.allSettled([
      insert(1),
      group.run(() => {
        db.exec('INSERT INTO t VALUES (2)');
        throw new Error('no');
      }),
      insert(3),
    ]);
    expect(answers.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(db.prepare('SELECT x FROM t ORDER BY x').all()).toMatchObject([{ x: 1 }, { x: 3 }]);
    group.flush();
    db.close();
  });

  test('answers nobody before what he asked for can be read by another process', async () => {
    const db = openDatabase(file, first);
    const group = new GroupCommit(db);
    await Promise.all(
      Array.from({ length: 50 }, (_, x) => group.run(() => db.prepare('INSERT INTO t VALUES (?)').run(x))),
    );
    // What a crash would leave: the files as they are now.
    for (const name of ['state.db', 'state.db-wal'])
      writeFileSync(path.join(dir, `crashed-${name}`), readFileSync(path.join(dir, name)));
    const after = openDatabase(path.join(dir, 'crashed-state.db'), first);
    expect(after.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: 50 });
    group.flush();
    db.close();
  });
});
