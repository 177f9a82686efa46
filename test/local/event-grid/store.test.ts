import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from '../../../lib/base/sqlite.ts';
import { schema } from '../../../lib/local/event-grid/schema.ts';
import { EventStore } from '../../../lib/local/event-grid/store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'event-grid-store-'));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('state of version 1 opens, with what waits in it', async () => {
  const file = path.join(folder, 'events.db');
  const create = schema.create.replace(/,\s*status INTEGER,\s*file TEXT/, '');
  expect(create).not.toBe(schema.create);
  const old = openDatabase(file, { ...schema, version: 1, create });
  old.exec(`
    INSERT INTO event VALUES (7, 'EventGridSchema', 'a', 'T', '{"id":"a"}', 5);
    INSERT INTO delivery VALUES ('one', 7, 2, 9);
    INSERT INTO deadLetter VALUES (1, 'one', 'b', 'T', '{"id":"b"}', 'TimeToLiveExceeded', 3, 'HTTP 500', 5, 8);
  `);
  old.close();
  const store = new EventStore(file);
  expect(store.due('one', 9, 10)).toMatchObject([{ event: 7, id: 'a', attempts: 2 }]);
  expect(store.deadLetters()).toMatchObject([{ id: 'b', reason: 'TimeToLiveExceeded', status: undefined }]);
  expect(store.unwritten(10)).toEqual([]);
  store.close();
});
