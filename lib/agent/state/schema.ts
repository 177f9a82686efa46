import type { Schema } from '../../base/sqlite.ts';

// An agent's state: one file an endpoint. Ids are node ids; times are nanoseconds since 1970 as decimal text, because
// they do not fit a double; names are in the form of names.ts, because SQLite's text cannot hold every name of Linux.

const create = `
-- What the last scan (or the agent's own hand) found on the site. inode is 'dev:ino', born its time of birth ('0': unknown). mtime is the time the other sites
-- know; stat_mtime and ctime are the kernel's own, and only say whether the file was touched since. hash is null while
-- the content is not known. target is what a link points at, in JSON. attributes (see packed.ts) are in the words of the other
-- sites; seen is what this site showed when they were recorded, where that is something else.
CREATE TABLE local (
  id TEXT PRIMARY KEY, parent TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  size INTEGER NOT NULL, mtime TEXT NOT NULL, mode INTEGER NOT NULL, hash TEXT, settled INTEGER NOT NULL,
  inode TEXT NOT NULL, born TEXT NOT NULL, stat_mtime TEXT NOT NULL, ctime TEXT NOT NULL,
  target TEXT, attributes TEXT, seen TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX local_place ON local (parent, name);
CREATE INDEX local_inode ON local (inode);

-- What site and backend agreed on last.
CREATE TABLE synced (
  id TEXT PRIMARY KEY, parent TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL,
  size INTEGER NOT NULL, mtime TEXT NOT NULL, mode INTEGER NOT NULL, hash TEXT, target TEXT, attributes TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX synced_place ON synced (parent, name);

-- The namespace as of meta.cursor. Moves with the cursor, in one transaction. json is the whole NodeState.
CREATE TABLE remote (
  id TEXT PRIMARY KEY, parent TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_place ON remote (parent, name);

-- Operations without a final outcome yet. parked is the code of the latest 'parked' row.
CREATE TABLE outbox (n INTEGER PRIMARY KEY, operation TEXT NOT NULL, parked TEXT) STRICT;

-- Conflict copies that came out of this group's log, by the node that holds the copy.
CREATE TABLE conflict (node TEXT PRIMARY KEY, seq INTEGER NOT NULL, server TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Old contents set aside in .tideway/replaced that could not be dropped at once: file is the name there, place is where
-- a copy would have to come back, since when is in milliseconds since 1970.
CREATE TABLE replaced (
  file TEXT PRIMARY KEY, parent TEXT NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Single values: see meta.ts.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

const migrations = {
  // Births were not kept (or, for a while, as the third part of inode).
  2: `ALTER TABLE local ADD COLUMN born TEXT NOT NULL DEFAULT '0';
      UPDATE local SET inode = rtrim(rtrim(inode, '0123456789'), ':') WHERE inode LIKE '%:%:%';`,
  // Links, owners and extended attributes were not synced.
  3: `ALTER TABLE local ADD COLUMN target TEXT;
      ALTER TABLE local ADD COLUMN attributes TEXT;
      ALTER TABLE local ADD COLUMN seen TEXT;
      ALTER TABLE synced ADD COLUMN target TEXT;
      ALTER TABLE synced ADD COLUMN attributes TEXT;`,
};

const ifDamaged =
  'Move it away, with the files beside it, and start again: site and namespace are read and merged anew; what was ' +
  'deleted here meanwhile comes back.';

export const schema: Schema = { applicationId: 0x54574147, version: 3, create, ifDamaged, migrations };
