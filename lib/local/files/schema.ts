import type { Schema } from '../../base/sqlite.ts';

const nodeColumns = `
      parent INTEGER NOT NULL,        -- id of the directory; 0 for the root of a share
      fold TEXT NOT NULL,
      name TEXT NOT NULL,
      id INTEGER NOT NULL,
      kind INTEGER NOT NULL,          -- 1 file, 2 directory
      size INTEGER NOT NULL,
      content INTEGER NOT NULL,       -- 0: all of it is a hole
      etag INTEGER NOT NULL,          -- stamp of the last change, so also of when the row became what it is
      attributes TEXT NOT NULL,
      created TEXT NOT NULL,
      written TEXT NOT NULL,
      changed TEXT NOT NULL,
      permission TEXT NOT NULL,
      metadata TEXT NOT NULL,         -- name, value, name, value, ... a line each; '' if none
      headers TEXT NOT NULL,          -- stored HTTP headers in the same form
      lease TEXT NOT NULL,            -- id of the infinite lease, '' if none`;

const shareColumns = `
      name TEXT NOT NULL,
      root INTEGER NOT NULL,          -- id of the root directory, the share's own id too
      quota INTEGER NOT NULL,         -- GiB
      tier TEXT NOT NULL,
      etag INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      acl TEXT NOT NULL,              -- JSON: stored access policies
      frozen INTEGER NOT NULL,        -- id of its newest snapshot, 0 if it has none
      lease TEXT NOT NULL,            -- JSON, '' if it was never leased`;

// A row belongs to snapshot S if it became what it is before S and was that still when S was made. A row of the live tree
// that has not changed since belongs to S without a copy; whoever changes it first puts the old row here.
const past = `
    CREATE TABLE past (${nodeColumns}
      until INTEGER NOT NULL,         -- the newest snapshot it belongs to; it belongs to all since 'etag'
      PRIMARY KEY (parent, fold, until)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX past_until ON past (until);
    CREATE INDEX past_id ON past (id, until);
    CREATE INDEX past_content ON past (content) WHERE content <> 0;`;

// Their trees stay in 'node' (the root under a name no share can have) and their snapshots in 'snapshot'.
const deletedShare = `
    CREATE TABLE deleted_share (${shareColumns}
      deleted INTEGER NOT NULL,       -- stamp of the deletion, which is its version on the wire
      expires INTEGER NOT NULL,       -- ms; it can be restored before, and is removed piece by piece from then on
      PRIMARY KEY (deleted)
    ) STRICT, WITHOUT ROWID;`;

export const schema: Schema = {
  applicationId: 0x7477_6661, // "twfa"
  version: 2,
  create: `
    -- One row: no stamp above 'high' was ever given out.
    CREATE TABLE stamp (high INTEGER NOT NULL) STRICT;
    INSERT INTO stamp VALUES (0);

    -- One row: the document of Set File Service Properties.
    CREATE TABLE account (properties TEXT NOT NULL) STRICT;
    INSERT INTO account VALUES ('');

    CREATE TABLE share (${shareColumns}
      PRIMARY KEY (name)
    ) STRICT, WITHOUT ROWID;
    ${deletedShare}

    -- A file or directory. Its id survives renames; moving a directory moves this one row, whatever lies below.
    CREATE TABLE node (${nodeColumns}
      PRIMARY KEY (parent, fold)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX node_id ON node (id);
    ${past}

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
      metadata TEXT NOT NULL,
      tier TEXT NOT NULL,
      etag INTEGER NOT NULL,
      lease TEXT NOT NULL,
      gone INTEGER NOT NULL           -- 1: deleted; its rows are being removed piece by piece
    ) STRICT;
  `,
  migrations: {
    // Version 1 copied the whole tree into every snapshot; now only what has changed since is kept.
    2: `
    ${past}
    INSERT INTO past SELECT parent, fold, name, id, kind, size, content, etag, attributes, created, written, changed,
      permission, metadata, headers, lease, max(snapshot) FROM snapshot_node s
      WHERE NOT EXISTS (SELECT 1 FROM node n WHERE n.parent = s.parent AND n.fold = s.fold AND n.etag = s.etag)
      GROUP BY parent, fold, etag;
    DROP TABLE snapshot_node;
    DELETE FROM content WHERE id NOT IN (SELECT content FROM node UNION SELECT content FROM past);
    ALTER TABLE snapshot ADD COLUMN tier TEXT NOT NULL DEFAULT 'TransactionOptimized';
    ALTER TABLE snapshot ADD COLUMN etag INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE snapshot ADD COLUMN lease TEXT NOT NULL DEFAULT '';
    ALTER TABLE snapshot ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
    UPDATE snapshot SET etag = id;
    ALTER TABLE share ADD COLUMN lease TEXT NOT NULL DEFAULT '';
    UPDATE share SET frozen = ifnull((SELECT max(id) FROM snapshot WHERE share = root), 0);
    ${deletedShare}`,
  },
};
