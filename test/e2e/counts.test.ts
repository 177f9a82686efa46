// What a file costs in requests, rows and flushes, held by counts and not by seconds: they are the same on any machine. A
// change that costs a request more a file turns this red; one that saves some lowers the bound.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { flatten, since, type Counts } from '../../lib/base/counters.ts';
import { shareOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const files = 300;
const size = 4096;
const singles = 20;

/** Under which name, how much at most, and where it is counted. */
type Bound = readonly [what: string, most: number, found: (counts: Counts) => number];

/** Most of each while `files` new files of `size` bytes go from one site to the other, all in one directory. */
const together: readonly Bound[] = [
  // Content in one request, moved to its place, read once. The tenth more is for the directory and for what the clock
  // brings while this runs (`tick`); a request more a file is far above it.
  ['contents created', 1.1 * files, (counts) => of(counts, 'files.requests.CreateFile')],
  ['files moved', 1.1 * files, (counts) => of(counts, 'files.requests.RenameFile')],
  ['files read', 1.1 * files, (counts) => of(counts, 'files.requests.GetFile')],
  ['looks at one file', 0.1 * files, (counts) => of(counts, 'files.requests.GetFileProperties')],
  // The rest is one listing a chunk.
  ['requests to the share', 3.5 * files, (counts) => sum(counts, /^files\.requests\./)],
  ['bytes sent to the share', files * size + 4096, (counts) => of(counts, 'files.bytesIn')],
  ['bytes fetched by B', files * size + 4096, (counts) => of(counts, 'b.downloadedBytes')],
  // Of each file three rows (node, id, log), of each transaction two (intent or log of the endpoint, head).
  ['table rows', 3.4 * files, (counts) => of(counts, 'tables.entitiesWritten') - 2 * of(counts, 'tables.transactions')],
  // Up to 32 files share a chunk, so these are a fraction of the files; how small a one depends on what comes together.
  ['requests to the tables', 1.2 * files, (counts) => of(counts, 'tables.requests')],
  ['transactions', 0.75 * files, (counts) => of(counts, 'tables.transactions')],
  ['messages of the agent', 0.25 * files, (counts) => of(counts, 'a.messages.sent')],
  ['messages of all', 0.75 * files, (counts) => of(counts, 'service-bus.messagesIn')],
  ['invocations', 0.75 * files, (counts) => of(counts, 'functions.succeeded')],
  // A flush for each of the two writes would be without any sharing.
  ['flushes of the share', 2.1 * files, (counts) => sum(counts, /^hub\.fsyncs\.(files\.db|contents)$/)],
  // Where they come one by one, each has its content and its number flushed at A, and its name at B.
  ['flushes at A', 2.5 * files, (counts) => sum(counts, /^a\.(syncs|flushes|pathFlushes)$/)],
  ['flushes at B', 2.5 * files, (counts) => sum(counts, /^b\.(syncs|flushes|pathFlushes)$/)],
];

/** Most of each while `singles` files are made, each when the one before has arrived: nothing can be shared. */
const alone: readonly Bound[] = [
  ['contents created', 1.6 * singles, (counts) => of(counts, 'files.requests.CreateFile')],
  ['listings', 1.9 * singles, (counts) => of(counts, 'files.requests.ListDirectoriesAndFiles')],
  ['files moved', 1.6 * singles, (counts) => of(counts, 'files.requests.RenameFile')],
  ['files read', 1.6 * singles, (counts) => of(counts, 'files.requests.GetFile')],
  ['looks at one file', 0.6 * singles, (counts) => of(counts, 'files.requests.GetFileProperties')],
  // Intent, finish, and how far it is published.
  ['transactions', 3.8 * singles, (counts) => of(counts, 'tables.transactions')],
  ['table rows', 10.8 * singles, (counts) => of(counts, 'tables.entitiesWritten')],
  // 12.6 of them are the file's; agents that poll and `tick` bring more, the longer this takes.
  ['requests to the tables', 24 * singles, (counts) => of(counts, 'tables.requests')],
  // To the committer, and a hint to each site.
  ['messages', 3.8 * singles, (counts) => of(counts, 'service-bus.messagesIn')],
  ['events', 1.8 * singles, (counts) => of(counts, 'event-grid.published')],
  ['invocations', 2.8 * singles, (counts) => of(counts, 'functions.succeeded')],
  ['flushes of the services', 13 * singles, (counts) => sum(counts, /^hub\.fsyncs\./)],
  ['flushes at A', 2.8 * singles, (counts) => sum(counts, /^a\.(syncs|flushes|pathFlushes)$/)],
  ['flushes at B', 2.8 * singles, (counts) => sum(counts, /^b\.(syncs|flushes|pathFlushes)$/)],
];

let space: Workspace;

beforeAll(async () => {
  space = new Workspace('a', 'b');
  // What the clock brings is not counted.
  space.env['TIDEWAY_HOT_EVERY_SECONDS'] = '86400';
  await space.up('a', 'b');
}, 60_000);

afterAll(() => space.dispose(), 30_000);

function of(counts: Counts, name: string): number {
  return counts[name] ?? 0;
}

function sum(counts: Counts, names: RegExp): number {
  return Object.entries(counts).reduce((all, [name, value]) => (names.test(name) ? all + value : all), 0);
}

function broken(bounds: readonly Bound[], counts: Counts): readonly string[] {
  return bounds.flatMap(([what, most, found]) => {
    const value = found(counts);
    return value > most ? [`${what}: ${value}, at most ${most}`] : [];
  });
}

function tell(bounds: readonly Bound[], counts: Counts): void {
  const found = bounds.map(([what, most, look]) => `${what} ${look(counts)} <= ${Math.round(most)}`);
  process.stdout.write(`${found.join('; ')}\n`);
}

/** What `tideway status --json` counts: by service, and by site what its agent counts. */
async function looked(): Promise<Counts> {
  const { stdout } = await space.run('status', '--json');
  const { groups, counters } = JSON.parse(stdout) as {
    groups: readonly { endpoints: readonly { server: string; counters: Counts }[] }[];
    counters: Record<string, Counts>;
  };
  const sites = groups.flatMap((group) => group.endpoints.map((each) => [each.server, each.counters] as const));
  return flatten({ ...counters, ...Object.fromEntries(sites) });
}

async function counted(work: () => void | Promise<void>): Promise<Counts> {
  await space.inSync();
  const before = await looked();
  await work();
  await space.inSync();
  return since(before, await looked());
}

test(`${files} new files: each is sent, moved and read once, and the rest is shared`, async () => {
  // Complete before the agent sees them: a file that is met while it is written may rightly be sent twice.
  const made = path.join(space.dir, 'made');
  mkdirSync(made);
  for (let index = 0; index < files; index++)
    writeFileSync(path.join(made, `file-${index}`), Buffer.alloc(size, index));
  const counts = await counted(() => renameSync(made, path.join(space.site('a'), 'made')));
  expect(readdirSync(path.join(space.site('b'), 'made'))).toHaveLength(files);
  tell(together, counts);
  // The counters do count.
  expect(of(counts, 'files.bytesIn')).toBeGreaterThanOrEqual(files * size);
  expect(of(counts, 'a.bytes.sent')).toBeGreaterThanOrEqual(files * size);
  expect(of(counts, 'b.bytes.received')).toBeGreaterThanOrEqual(files * size);
  expect(broken(together, counts)).toEqual([]);
}, 120_000);

test(`${singles} files, one after another: each its own message, commit and hint`, async () => {
  const counts = await counted(async () => {
    for (let index = 0; index < singles; index++) {
      const there = path.join(space.site('b'), `single-${index}`);
      writeFileSync(path.join(space.site('a'), `single-${index}`), `content ${index}`);
      await until(`single-${index}`, 20_000, () => (statSync(there, { throwIfNoEntry: false })?.size ?? 0) > 0);
    }
  });
  tell(alone, counts);
  expect(broken(alone, counts)).toEqual([]);
}, 120_000);

test('`rm -r` of 500 files is a few rows, in one of three times at least', async () => {
  // As many as it was files, if each went alone. Where the machine keeps `rm` waiting in the middle they may be some more.
  const [most, few] = [100, 3];
  const rows: number[] = [];
  for (let time = 0; time < 3 && !rows.some((count) => count <= few); time++) {
    const top = path.join(space.site('a'), 'parent', `many-${time}`);
    for (let dir = 0; dir < 50; dir++) {
      mkdirSync(path.join(top, `${dir}`), { recursive: true });
      for (let file = 0; file < 10; file++) writeFileSync(path.join(top, `${dir}`, `${file}`), `${dir} ${file}`);
    }
    await space.inSync();
    const before = (await space.status()).committedSeq;
    execFileSync('rm', ['-r', top]);
    await space.inSync();
    rows.push((await space.status()).committedSeq - before);
    expect(existsSync(path.join(space.site('b'), 'parent', `many-${time}`))).toBe(false);
  }
  process.stdout.write(`rm -r of 500 files: rows ${rows.join(', ')}\n`);
  expect(Math.max(...rows)).toBeLessThanOrEqual(most);
  expect(Math.min(...rows)).toBeLessThanOrEqual(few);
}, 180_000);

test('a look more a file would be seen', async () => {
  const share = await shareOf(space);
  const directory = share.getDirectoryClient('made');
  const counts = await counted(async () => {
    const names = readdirSync(path.join(space.site('a'), 'made'));
    await Promise.all(names.map((name) => directory.getFileClient(name).getProperties()));
  });
  expect(broken(together, counts)).toEqual([expect.stringMatching(/^looks at one file: 3\d\d, at most 30$/)]);
}, 60_000);
