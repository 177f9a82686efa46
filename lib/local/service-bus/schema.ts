import type { Schema } from '../../base/sqlite.ts';

export const schema: Schema = {
  applicationId: 0x74775342, // 'twSB'
  version: 1,
  create: `
    -- Queues, topics, subscriptions and dead-letter queues by lower-case address. Rows are never removed: a message of an
    -- entity that left the topology waits for the entity to come back.
    CREATE TABLE entity (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;

    -- One row a message and entity. AUTOINCREMENT: a sequence number is never given twice, even when the row is gone.
    -- Locks are not here: they end with the process. body is last, so that a start reads no pages of it.
    CREATE TABLE message (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      entity INTEGER NOT NULL,
      state INTEGER NOT NULL,          -- 0 active, 1 deferred, 2 scheduled (enqueued_at is then the time it is due)
      origin INTEGER,                  -- the sequence number it was accepted under, where that is another
      session TEXT,
      enqueued_at INTEGER NOT NULL,    -- ms since 1970
      ttl INTEGER,                     -- ms; null: for ever
      delivery_count INTEGER NOT NULL,
      source TEXT,                     -- the entity that dead-lettered it
      message_id TEXT NOT NULL,
      body BLOB NOT NULL               -- the sections as the sender encoded them
    ) STRICT;

    CREATE TABLE session_state (
      entity INTEGER NOT NULL, session TEXT NOT NULL, state BLOB NOT NULL, updated_at INTEGER NOT NULL,
      PRIMARY KEY (entity, session)
    ) STRICT, WITHOUT ROWID;

    -- Message ids within the window of duplicate detection.
    CREATE TABLE seen (
      entity INTEGER NOT NULL, message_id TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (entity, message_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX seen_until ON seen (until);

    -- What clients changed in the rules of the topology; definition is null for a rule that was removed.
    CREATE TABLE rule (
      entity INTEGER NOT NULL, name TEXT NOT NULL, definition TEXT, PRIMARY KEY (entity, name)
    ) STRICT, WITHOUT ROWID;
  `,
};
