import { expect, test } from '@jest/globals';
import { openDatabase, type Database } from '../../../lib/base/sqlite.ts';
import { Contents } from '../../../lib/local/files/contents.ts';
import type { ContentFiles } from '../../../lib/local/files/content-files.ts';
import { DeletedShares } from '../../../lib/local/files/deleted-shares.ts';
import { Past } from '../../../lib/local/files/past.ts';
import { Permissions } from '../../../lib/local/files/permissions.ts';
import { schema } from '../../../lib/local/files/schema.ts';
import { Shares } from '../../../lib/local/files/shares.ts';
import { Snapshots } from '../../../lib/local/files/snapshots.ts';
import { Tree } from '../../../lib/local/files/tree.ts';
import { Usage } from '../../../lib/local/files/usage.ts';

// A statement that finds its rows by looking at all of them is fast in every test and too slow with a million files.

const large = /SCAN (?:node|past|content|permission)\b/;

test('no statement looks at all files, contents or permissions, but for the one that adds them up', () => {
  const db = openDatabase(':memory:', schema);
  const asked: string[] = [];
  const recording: Pick<Database, 'prepare'> = {
    prepare(sql) {
      asked.push(sql);
      return db.prepare(sql);
    },
  };
  const like = recording as Database;
  const shares = new Shares(like);
  new Tree(like, new Past(like, shares), new Usage(like, () => true));
  new Contents(like, {} as ContentFiles);
  new DeletedShares(like);
  new Permissions(like);
  new Snapshots(like);
  expect(asked.length).toBeGreaterThan(40);

  const scans = asked.flatMap((sql) => {
    const plan = db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row['detail']));
    return plan.filter((step) => large.test(step)).map((step) => `${step}: ${sql}`);
  });
  expect(scans).toEqual(['SCAN node: SELECT sum(size) AS bytes FROM node']);
  db.close();
});
