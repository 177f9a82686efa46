import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../../lib/base/sqlite.ts';
import { schema } from '../../../lib/local/files/schema.ts';
import { contentOf, swept, world } from './world.ts';

// The state file as version 1 made it.
const version1 = `
    -- One row: no stamp above 'high' was ever given out.
    CREATE TABLE stamp (high INTEGER NOT NULL) STRICT;
    INSERT INTO stamp VALUES (0);

    -- One row: the document of Set File Service Properties.
    CREATE TABLE account (properties TEXT NOT NULL) STRICT;
    INSERT INTO account VALUES ('');

    CREATE TABLE share (
      name TEXT PRIMARY KEY,
      root INTEGER NOT NULL,          -- id of the root directory, the share's own id too
      quota INTEGER NOT NULL,         -- GiB
      tier TEXT NOT NULL,
      etag INTEGER NOT NULL,
      metadata TEXT NOT NULL,         -- name, value, name, value, ... a line each
      acl TEXT NOT NULL,              -- JSON: stored access policies
      frozen INTEGER NOT NULL         -- contents with a smaller id may belong to a snapshot and are never written again
    ) STRICT, WITHOUT ROWID;

    -- A file or directory. Its id survives renames; moving a directory moves this one row, whatever lies below.
    CREATE TABLE node (
      parent INTEGER NOT NULL,        -- id of the directory; 0 for the root of a share
      fold TEXT NOT NULL,
      name TEXT NOT NULL,
      id INTEGER NOT NULL,
      kind INTEGER NOT NULL,          -- 1 file, 2 directory
      size INTEGER NOT NULL,
      content INTEGER NOT NULL,       -- 0: all of it is a hole
      etag INTEGER NOT NULL,          -- stamp of the last change
      attributes TEXT NOT NULL,
      created TEXT NOT NULL,
      written TEXT NOT NULL,
      changed TEXT NOT NULL,
      permission TEXT NOT NULL,
      metadata TEXT NOT NULL,         -- as above, '' if none
      headers TEXT NOT NULL,          -- stored HTTP headers in the same form
      lease TEXT NOT NULL,            -- id of the infinite lease, '' if none
      PRIMARY KEY (parent, fold)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX node_id ON node (id);

    -- Bytes: here when small, else (bytes IS NULL) in the file contents/<id>. Only what 'ranges' names is data.
    CREATE TABLE content (
      id INTEGER PRIMARY KEY,
      ranges TEXT NOT NULL,
      bytes BLOB
    ) STRICT;

    CREATE TABLE permission (share INTEGER NOT NULL, key TEXT NOT NULL, sddl TEXT NOT NULL, PRIMARY KEY (share, key))
      STRICT, WITHOUT ROWID;

    CREATE TABLE snapshot (
      id INTEGER PRIMARY KEY,         -- stamp of its making, which is its name on the wire as a time
      share INTEGER NOT NULL,
      quota INTEGER NOT NULL,
      metadata TEXT NOT NULL
    ) STRICT;

    -- The tree as it was: node rows with the snapshot they belong to.
    CREATE TABLE snapshot_node (
      snapshot INTEGER NOT NULL,
      parent INTEGER NOT NULL,
      fold TEXT NOT NULL,
      name TEXT NOT NULL,
      id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      size INTEGER NOT NULL,
      content INTEGER NOT NULL,
      etag INTEGER NOT NULL,
      attributes TEXT NOT NULL,
      created TEXT NOT NULL,
      written TEXT NOT NULL,
      changed TEXT NOT NULL,
      permission TEXT NOT NULL,
      metadata TEXT NOT NULL,
      headers TEXT NOT NULL,
      lease TEXT NOT NULL,
      PRIMARY KEY (snapshot, parent, fold)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX snapshot_node_id ON snapshot_node (snapshot, id);
    CREATE INDEX snapshot_node_content ON snapshot_node (content) WHERE content <> 0;
`;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-files-old-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const root = 1000;
const [first, second] = [1_700_000_000_000_000, 1_700_000_100_000_000];
const time = '2023-11-14T22:13:20.0000000Z';

interface Old {
  readonly parent?: number;
  readonly name: string;
  readonly id: number;
  readonly kind?: number;
  readonly content?: number;
  readonly size?: number;
  readonly etag: number;
}

function node(db: Database, n: Old, snapshot?: number): void {
  const { parent = root, name, id, kind = 1, content = 0, size = 0, etag } = n;
  const values = [parent, name.toUpperCase(), name, id, kind, size, content, etag, 'Archive', time, time, time, '1*2'];
  const all = [...(snapshot === undefined ? [] : [snapshot]), ...values, '', '', ''];
  const table = snapshot === undefined ? 'node' : 'snapshot_node';
  db.prepare(`INSERT INTO ${table} VALUES (${all.map(() => '?').join(', ')})`).run(...all);
}

test('state of version 1 opens: shares, files and snapshots are what they were', async () => {
  const db = openDatabase(join(dir, 'files.db'), { ...schema, version: 1, create: version1 });
  db.prepare('UPDATE stamp SET high = ?').run(second + 1_000_000);
  db.prepare("INSERT INTO share VALUES ('team', ?, 5120, 'Hot', ?, '', '[]', ?)").run(root, root, second);
  for (const id of [first, second]) db.prepare("INSERT INTO snapshot VALUES (?, ?, 7, 'seq\n1')").run(id, root);
  const content = db.prepare('INSERT INTO content VALUES (?, ?, ?)');
  for (const [id, text] of [
    [2001, 'same'],
    [2002, 'old'],
    [second + 10, 'new!'],
    [2003, 'gone'],
    [2004, 'nobody'],
  ] as const)
    content.run(id, `0 ${text.length}`, Buffer.from(text));
  const large = second + 20;
  content.run(large, '0 70000', null);
  mkdirSync(join(dir, 'contents'));
  writeFileSync(join(dir, 'contents', String(large)), Buffer.alloc(70_000, 'x'));

  const top = { parent: 0, name: 'team', id: root, kind: 2, etag: root };
  db.prepare("INSERT INTO node VALUES (0, 'team', '', ?, 2, 0, 0, ?, 'Directory', ?, ?, ?, '1*2', '', '', '')").run(
    root,
    root,
    time,
    time,
    time,
  );
  const same = { name: 'same', id: 2001, content: 2001, size: 4, etag: 2001 };
  const old = { name: 'edited', id: 2002, content: 2002, size: 3, etag: 2002 };
  const gone = { name: 'gone', id: 2003, content: 2003, size: 4, etag: 2003 };
  node(db, same);
  node(db, { ...old, content: second + 10, size: 4, etag: second + 10 });
  node(db, { name: 'large', id: large, content: large, size: 70_000, etag: large });
  for (const id of [first, second]) {
    db.prepare(
      "INSERT INTO snapshot_node VALUES (?, 0, 'team', '', ?, 2, 0, 0, ?, 'Directory', ?, ?, ?, '1*2', '', '', '')",
    ).run(id, root, top.etag, time, time, time);
    for (const each of id === first ? [same, old, gone] : [same, old]) node(db, each, id);
  }
  db.close();

  const w = await world({ dir, retentionDays: 0 });
  expect((await contentOf(w.share, 'same')).toString()).toBe('same');
  expect((await contentOf(w.share, 'edited')).toString()).toBe('new!');
  expect((await contentOf(w.share, 'large')).equals(Buffer.alloc(70_000, 'x'))).toBe(true);
  const snapshots = [];
  for await (const item of w.client.listShares({ includeSnapshots: true }))
    if (item.snapshot !== undefined) snapshots.push(item.snapshot);
  expect(snapshots.length).toBe(2);
  const seen = [];
  for (const id of snapshots) {
    const past = w.share.withSnapshot(id);
    const files: Record<string, string> = {};
    for await (const item of past.rootDirectoryClient.listFilesAndDirectories())
      files[item.name] = (await contentOf(past, item.name)).toString();
    seen.push(files);
  }
  expect(seen).toEqual([
    { edited: 'old', gone: 'gone', same: 'same' },
    { edited: 'old', same: 'same' },
  ]);
  await w.share.withSnapshot(snapshots[1] ?? '').delete();
  await w.share.rootDirectoryClient.getFileClient('same').delete();
  expect((await contentOf(w.share.withSnapshot(snapshots[0] ?? ''), 'same')).toString()).toBe('same');
  await w.share.delete({ deleteSnapshots: 'include' });
  await w.service.stop();

  expect(await swept(dir)).toEqual({ node: 0, past: 0, content: 0, snapshot: 0, share: 0, files: 0 });
});
