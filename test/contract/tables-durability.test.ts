// What was acknowledged is there after kill -9, and a transaction is there whole or not at all.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AzureNamedKeyCredential, RestError, TableClient, type TransactionAction } from '@azure/data-tables';
import { startTables } from '../../lib/local/tables/service.ts';
import { collect, options, pad, range } from './tables/suite.ts';

const account = { name: 'killed', key: Buffer.alloc(64, 3).toString('base64') };
const credential = new AzureNamedKeyCredential(account.name, account.key);

let directory: string;
let file: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tables-'));
  file = join(directory, 'tables.db');
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

async function startChild(): Promise<TableClient> {
  const script = join(import.meta.dirname, 'tables/server.ts');
  child = spawn(process.execPath, [script, file, account.key], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output to read the URL from');
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return new TableClient(url, 'kept', credential, options);
}

async function kill(running: ChildProcess | undefined): Promise<void> {
  if (running === undefined) throw new Error('there is nothing to kill');
  const ended = once(running, 'exit');
  running.kill('SIGKILL');
  await ended;
}

describe('kill -9', () => {
  test('loses nothing that was acknowledged', async () => {
    const acknowledged = new Set<string>();
    const transactions = new Set<string>();
    for (const round of range(3)) {
      const client = await startChild();
      await client.createTable();
      let failed = 0;
      const writer = async (name: string): Promise<void> => {
        for (let i = 0; failed === 0; i++) {
          const rowKey = `${round}-${name}-${pad(i)}`;
          await client.upsertEntity({ partitionKey: 'single', rowKey, i }, 'Replace');
          acknowledged.add(rowKey);
        }
      };
      const batcher = async (name: string): Promise<void> => {
        for (let i = 0; failed === 0; i++) {
          const partitionKey = `${round}-${name}-${pad(i)}`;
          const actions = range(20).map((n): TransactionAction => ['create', { partitionKey, rowKey: pad(n) }]);
          await client.submitTransaction(actions);
          transactions.add(partitionKey);
        }
      };
      const writers = [...range(4).map((n) => writer(`w${n}`)), ...range(2).map((n) => batcher(`b${n}`))];
      const ended = Promise.all(writers.map((running) => running.catch(() => failed++)));
      const goal = acknowledged.size + 100;
      while (acknowledged.size < goal && failed === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(failed).toBe(0);
      await kill(child);
      await ended;
      expect(failed).toBe(6);
    }
    const client = await startChild();
    const found = new Map<string, number>();
    for (const { partitionKey = '', rowKey = '' } of await collect(client.listEntities())) {
      const name = partitionKey === 'single' ? rowKey : partitionKey;
      found.set(name, (found.get(name) ?? 0) + 1);
      if (partitionKey === 'single') acknowledged.delete(rowKey);
      else transactions.delete(partitionKey);
    }
    expect([...acknowledged, ...transactions]).toEqual([]);
    expect([...found].filter(([name, count]) => count !== (name.includes('-b') ? 20 : 1))).toEqual([]);
  });
});

describe('kill -9 among changes of the same entities', () => {
  test('what was acknowledged last is there, or what was on its way behind it', async () => {
    const counters = range(4).map(() => ({ acknowledged: -1, etag: '' }));
    const removed = new Set<string>();
    const kept = new Set<string>();
    for (const round of range(2)) {
      const client = await startChild();
      await client.createTable();
      let failed = 0;
      const count = async (row: number): Promise<void> => {
        const counter = counters[row]!;
        const keys = { partitionKey: 'counter', rowKey: String(row) };
        const found = await client.getEntity<{ v: number }>('counter', String(row)).catch((error: unknown) => {
          if (error instanceof RestError && error.statusCode === 404) return { v: -1, etag: '' };
          throw error;
        });
        // One writer each: after a kill there is what it knows, or the write that it had no answer to.
        expect([counter.acknowledged, counter.acknowledged + 1]).toContain(found.v);
        counter.acknowledged = found.v;
        counter.etag = found.etag;
        for (let v = found.v + 1; failed === 0; v++) {
          const written: { etag?: string } =
            counter.etag === ''
              ? await client.createEntity({ ...keys, v })
              : await client.updateEntity({ ...keys, v }, v % 2 === 0 ? 'Merge' : 'Replace', { etag: counter.etag });
          counter.acknowledged = v;
          counter.etag = written.etag ?? '';
        }
      };
      const comeAndGo = async (name: string): Promise<void> => {
        for (let i = 0; failed === 0; i++) {
          const [gone, stays] = [`${round}-${name}-${pad(i)}-gone`, `${round}-${name}-${pad(i)}-stays`];
          const keysOf = (rowKey: string): { partitionKey: string; rowKey: string } => ({ partitionKey: 'p', rowKey });
          await client.submitTransaction([
            ['create', keysOf(gone)],
            ['create', keysOf(stays)],
          ]);
          kept.add(stays);
          if (i % 2 === 0) await client.deleteEntity('p', gone);
          else await client.submitTransaction([['delete', keysOf(gone)]]);
          removed.add(gone);
        }
      };
      const working = [...range(4).map(count), comeAndGo('a'), comeAndGo('b')];
      const ended = working.map((running) =>
        running.catch((error: unknown) => {
          failed++;
          return error;
        }),
      );
      const [changes, pairs] = [counters.reduce((sum, { acknowledged }) => sum + acknowledged, 0), removed.size];
      const isEnough = (): boolean =>
        removed.size >= pairs + 20 && counters.reduce((sum, { acknowledged }) => sum + acknowledged, 0) >= changes + 60;
      while (!isEnough() && failed === 0) await new Promise((resolve) => setImmediate(resolve));
      const before = failed;
      await kill(child);
      // Nobody failed before the kill, and everybody by it: an assertion is no broken connection.
      const errors = await Promise.all(ended);
      expect([before, errors.filter((error) => !(error instanceof RestError))]).toEqual([0, []]);
    }
    const client = await startChild();
    const there = new Set((await collect(client.listEntities())).map(({ rowKey }) => rowKey));
    expect([...removed].filter((row) => there.has(row))).toEqual([]);
    expect([...kept].filter((row) => !there.has(row))).toEqual([]);
  });
});

describe('a restart', () => {
  test('goes on with tables, entities and ETags that never come back', async () => {
    let now = Date.now();
    const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
    const first = await startTables({ file, account, clock });
    const client = new TableClient(first.url, 'kept', credential, options);
    await client.createTable();
    const { etag: before = '' } = await client.createEntity({ partitionKey: 'p', rowKey: 'r', v: 1 });
    await first.stop();
    await first.stop();
    // The clock is set back an hour while the service is down.
    now -= 3_600_000;
    const second = await startTables({ file, account, clock });
    const again = new TableClient(second.url, 'kept', credential, options);
    expect(await again.getEntity('p', 'r')).toMatchObject({ v: 1, etag: before });
    await again.deleteEntity('p', 'r', { etag: before });
    const { etag: after = '' } = await again.createEntity({ partitionKey: 'p', rowKey: 'r', v: 2 });
    expect(after > before).toBe(true);
    await second.stop();
  });

  test('is refused while another process holds the state', async () => {
    await startChild();
    await expect(startTables({ file, account })).rejects.toMatchObject({ code: 'state_locked' });
  });

  test('on a port that is taken says so and lets go of the state', async () => {
    const other = await startTables({ file: ':memory:', account });
    await expect(startTables({ file, account, port: other.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await other.stop();
    const service = await startTables({ file, account, port: other.port });
    expect(service.url).toBe(other.url);
    await service.stop();
  });

  test('finishes what a dropped table left behind', async () => {
    const first = await startTables({ file, account });
    const client = new TableClient(first.url, 'dropped', credential, options);
    await client.createTable();
    for (const block of range(30))
      await client.submitTransaction(
        range(100).map((i): TransactionAction => ['create', { partitionKey: 'p', rowKey: pad(block * 100 + i) }]),
      );
    await client.deleteTable();
    await first.stop();
    const second = await startTables({ file, account });
    const again = new TableClient(second.url, 'dropped', credential, options);
    await again.createTable();
    expect(await collect(again.listEntities())).toEqual([]);
    await second.stop();
  });
});
