import type { Schema } from '../../base/sqlite.ts';

export const schema: Schema = {
  applicationId: 0x54574446,
  version: 1,
  create: `
    -- An orchestration, or an entity (id '@name@key'). Texts are JSON unless said otherwise.
    CREATE TABLE instance (
      id TEXT PRIMARY KEY,
      execution TEXT NOT NULL,
      name TEXT NOT NULL,
      version TEXT,
      status TEXT NOT NULL,
      input TEXT,
      output TEXT,
      customStatus TEXT,
      parent TEXT,
      -- ms since 1970
      createdAt INTEGER NOT NULL,
      updatedAt INTEGER NOT NULL
    ) STRICT;

    -- What happened in the execution that an instance is in, in order.
    CREATE TABLE history (
      instance TEXT NOT NULL,
      seq INTEGER NOT NULL,
      event TEXT NOT NULL,
      PRIMARY KEY (instance, seq)
    ) STRICT, WITHOUT ROWID;

    -- What an instance has still to be told, in the order in which it came. With an execution it is for that one alone.
    CREATE TABLE inbox (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      instance TEXT NOT NULL,
      execution TEXT,
      event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX inbox_by_instance ON inbox (instance, seq);

    -- Activities that have not come to an end. One that was begun has a time in startedAt: who finds it after a kill
    -- cannot know how far it came.
    CREATE TABLE activity (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      instance TEXT NOT NULL,
      execution TEXT NOT NULL,
      task INTEGER NOT NULL,
      name TEXT NOT NULL,
      input TEXT,
      startedAt INTEGER
    ) STRICT;
    CREATE INDEX activity_by_instance ON activity (instance);

    CREATE TABLE timer (
      instance TEXT NOT NULL,
      execution TEXT NOT NULL,
      task INTEGER NOT NULL,
      dueAt INTEGER NOT NULL,
      -- The event that it becomes.
      event TEXT NOT NULL,
      PRIMARY KEY (instance, execution, task)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX timer_by_time ON timer (dueAt);
  `,
};
