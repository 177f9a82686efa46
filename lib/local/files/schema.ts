import type { Schema } from '../../base/sqlite.ts';

export const schema: Schema = {
  applicationId: 0x7477_6661, // "twfa"
  version: 1,
  create: `
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
  `,
};
