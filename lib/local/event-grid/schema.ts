import type { Schema } from '../../base/sqlite.ts';

export const schema: Schema = {
  applicationId: 0x54574547,
  version: 2,
  create: `
    -- An event that somebody still waits for: it goes with its last delivery. Numbers are never used twice: one that is
    -- being delivered and one that takes its place in the same commit must not be mistaken for each other.
    CREATE TABLE event (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      schema TEXT NOT NULL CHECK (schema IN ('EventGridSchema', 'CloudEventSchemaV1_0')),
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      body TEXT NOT NULL,
      publishedAt INTEGER NOT NULL
    ) STRICT;

    -- One row an event and subscription until the endpoint has taken it. Times are ms since 1970.
    CREATE TABLE delivery (
      subscription TEXT NOT NULL,
      event INTEGER NOT NULL REFERENCES event (seq),
      attempts INTEGER NOT NULL,
      dueAt INTEGER NOT NULL,
      PRIMARY KEY (subscription, event)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX delivery_due ON delivery (subscription, dueAt);
    CREATE INDEX delivery_event ON delivery (event);

    -- What could not be delivered: kept for a person to look at, or until it is written to the file that is named.
    CREATE TABLE deadLetter (
      seq INTEGER PRIMARY KEY,
      subscription TEXT NOT NULL,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      body TEXT NOT NULL,
      reason TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      lastOutcome TEXT NOT NULL,
      publishedAt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      status INTEGER,
      file TEXT
    ) STRICT;

    -- Endpoints that have answered the validation handshake.
    CREATE TABLE validated (
      subscription TEXT PRIMARY KEY,
      endpoint TEXT NOT NULL
    ) STRICT;
  `,
  migrations: {
    2: `
      ALTER TABLE deadLetter ADD COLUMN status INTEGER;
      ALTER TABLE deadLetter ADD COLUMN file TEXT;
    `,
  },
};
