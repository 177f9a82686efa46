// Snapshots and backups with real processes, read as an administrator does: through the official client.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { valueOf } from '../../lib/azure/columns.ts';
import {
  backupAnswer,
  orderAnswer,
  snapshotsAnswer,
  type OrderAnswer,
  type SnapshotsAnswer,
} from '../../lib/protocol/backup.ts';
import { logRow, type LogRow } from '../../lib/protocol/log-row.ts';
import { hashOf } from '../support/endpoint.ts';
import { Replay } from '../support/replay.ts';
import { askFaults, struck } from './support/faults.ts';
import { past } from './support/past.ts';
import { shareOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;
// What decides by chance in a hub that is as unkind as Azure.
const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);

// A machine that is busy with other things.
jest.setTimeout(180_000);

beforeAll(async () => {
  space = new Workspace('a', 'b');
  Object.assign(space.env, {
    TIDEWAY_TICK: '* * * * * *',
    TIDEWAY_SECOND_SIGHT_SECONDS: '1',
    TIDEWAY_FAULTS: String(seed),
  });
  await space.up('a', 'b');
}, 60_000);

afterAll(() => space.dispose(), 30_000);

interface Snapshot {
  readonly id: string;
  readonly seq: number;
  readonly createdAt: string;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr, code } = await space.run(...args, '--json');
  if (code !== 0) throw new Error(`tideway ${args.join(' ')}: ${code} ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

/** What `status --json` says of backups. */
async function backup(): Promise<unknown> {
  const { groups } = await json<{ groups: readonly { backup: unknown }[] }>('status');
  return groups[0]?.backup;
}

/** The change log, as it stands in the table. */
async function readLog(): Promise<readonly LogRow[]> {
  const settings = await space.settings();
  const connection = settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '';
  const part = (name: string): string => new RegExp(`${name}=([^;]+)`).exec(connection)?.[1] ?? '';
  const credential = new AzureNamedKeyCredential(part('AccountName'), part('AccountKey'));
  const table = new TableClient(part('TableEndpoint'), 'namespace', credential, { allowInsecureConnection: true });
  const rows: LogRow[] = [];
  const filter = "PartitionKey eq 'default' and RowKey ge 'log|' and RowKey lt 'log}'";
  for await (const entity of table.listEntities({ queryOptions: { filter } })) rows.push(logRow.parse(valueOf(entity)));
  return rows;
}

/** What the namespace was at a number of the log. */
function namespaceAt(rows: readonly LogRow[], seq: number): Record<string, string> {
  const tree = new Replay(rows.filter((row) => row.seq <= seq));
  const out: Record<string, string> = {};
  for (const [at, node] of tree.byPath()) {
    if (node.kind === 'directory') out[`${at}/`] = '';
    else out[at] = node.hash ?? 'unread';
  }
  return out;
}

async function api(method: string, rest: string, body?: unknown): Promise<unknown> {
  const settings = await space.settings();
  const response = await fetch(`${settings['TIDEWAY_API']}/api/groups/default/${rest}`, {
    method,
    headers: { 'x-tideway-token': settings['TIDEWAY_TOKEN'] ?? '', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${rest}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function take(order: string): Promise<OrderAnswer> {
  let now = orderAnswer.parse(await api('POST', 'snapshots', { order }));
  while (now.state === 'open') {
    await sleep(20);
    now = orderAnswer.parse(await api('GET', `orders/${now.order}`));
  }
  return now;
}

const listed = async (): Promise<SnapshotsAnswer['snapshots']> =>
  snapshotsAnswer.parse(await api('GET', 'snapshots')).snapshots;

describe('snapshots on demand', () => {
  test('are made, listed and deleted; what they hold stays as it was', async () => {
    writeFileSync(path.join(space.site('a'), 'plan.txt'), 'as it was');
    await space.inSync();
    const made = await json<Snapshot>('snapshot', 'create', '--label', 'before the change', '--keep', '7');
    writeFileSync(path.join(space.site('b'), 'plan.txt'), 'as it is now');
    rmSync(path.join(space.site('a'), 'plan.txt'));
    await space.inSync();
    expect(made).toMatchObject({ kind: 'on-demand', label: 'before the change', keep: true });
    expect(Date.parse(made.createdAt)).toBeGreaterThan(0);
    expect(await past(await shareOf(space), made.id)).toEqual({ 'plan.txt': hashOf(Buffer.from('as it was')) });
    const { snapshots, others } = await json<SnapshotsAnswer>('snapshot', 'list');
    expect([snapshots, others]).toEqual([[made], 0]);
    expect(await backup()).toMatchObject({
      lastSeq: made.seq,
      lastSuccessAt: made.createdAt,
      nextRunAt: null,
      problems: [],
    });
    await json('snapshot', 'delete', made.id);
    expect(await listed()).toEqual([]);
    const again = await space.run('snapshot', 'delete', made.id, '--json');
    expect([again.code, JSON.parse(again.stderr)]).toMatchObject([1, { error: { code: 'snapshot_unknown' } }]);
  });

  test('taken one after the other while both sites write, each is what the namespace was at its number', async () => {
    let isOver = false;
    const write = async (site: string): Promise<void> => {
      const at = (...names: readonly string[]): string => path.join(space.site(site), `of-${site}`, ...names);
      mkdirSync(at('d0'), { recursive: true });
      for (let n = 0; !isOver; n++) {
        writeFileSync(at(`f${n % 9}`), `${site} ${n}`);
        if (n % 4 === 1) renameSync(at(`d${Math.floor(n / 4)}`), at(`d${Math.floor(n / 4) + 1}`));
        if (n % 4 === 2) writeFileSync(at(`d${Math.floor(n / 4) + 1}`, `g${n % 7}`), `${site} ${n}`);
        if (n % 4 === 3) rmSync(at(`f${(n * 5) % 9}`), { force: true });
        await sleep(30);
      }
    };
    const writers = [write('a'), write('b')];
    const taken: OrderAnswer[] = [];
    try {
      for (let n = 0; n < 8; n++) taken.push(await take(`busy-${n}`));
    } finally {
      isOver = true;
      await Promise.all(writers);
    }
    const rows = await readLog();
    const share = await shareOf(space);
    const seqs = taken.map(({ seq = 0 }) => seq);
    // There was something between them.
    expect(seqs.at(-1) ?? 0).toBeGreaterThan((seqs[0] ?? 0) + taken.length + 10);
    for (const { snapshot = '', seq = 0 } of taken) {
      expect(rows.find((row) => row.seq === seq)).toMatchObject({ op: 'snapshot', snapshot, outcome: 'applied' });
      expect({ seq, tree: await past(share, snapshot) }).toEqual({ seq, tree: namespaceAt(rows, seq) });
    }
  });
});

/** A step that chance fails four times in a row comes after 75 s, one that it fails five times after 155 s. */
const patienceMs = 280_000;

describe('backups on schedule', () => {
  test('are made by the schedule that is set, kept by its retention, and shown', async () => {
    const set = await space.run('group', 'set', '--schedule', 'never', '--json');
    expect([set.code, JSON.parse(set.stderr)]).toMatchObject([1, { error: { code: 'schedule_invalid' } }]);
    const keep = [
      '--keep-last',
      '1',
      '--keep-daily',
      '0',
      '--keep-weekly',
      '0',
      '--keep-monthly',
      '0',
      '--keep-yearly',
      '0',
    ];
    const answer = await json<{ backup: unknown }>(
      'group',
      'set',
      '--schedule',
      '* * * * * *',
      '--time-zone',
      'Asia/Tokyo',
      ...keep,
    );
    expect(answer.backup).toMatchObject({ schedule: '* * * * * *', zone: 'Asia/Tokyo' });
    const scheduled = async () => (await listed()).filter(({ kind }) => kind === 'scheduled');
    await until('a first backup', 60_000, async () => (await scheduled()).length > 0);
    const [first] = await scheduled();
    await until('another in its place', 60_000, async () => (await scheduled()).some(({ id }) => id !== first?.id));
    await until('the first to go', 60_000, async () => !(await scheduled()).some(({ id }) => id === first?.id));
    await json('group', 'set', '--schedule', 'none');
    expect(await backup()).toMatchObject({ nextRunAt: null, problems: [] });
  });

  test(`are made, and the share enumerated, in a hub as unkind as Azure (TIDEWAY_SEED=${seed})`, async () => {
    await askFaults(space, 'POST', { on: 'durable', do: 'unkind', scale: 0.05 });
    const scheduled = async () => (await listed()).filter(({ kind }) => kind === 'scheduled').map(({ id }) => id);
    await json('group', 'set', '--schedule', '* * * * * *');
    const seen = await scheduled();
    await until('another backup', patienceMs, async () => (await scheduled()).some((id) => !seen.includes(id)));
    await json('group', 'set', '--schedule', 'none');
    await until('one to be left', patienceMs, async () => {
      const { running, problems } = backupAnswer.parse(await api('GET', 'backup'));
      expect(problems).toEqual([]);
      return !running && (await scheduled()).length === 1;
    });
    const { rootDirectoryClient } = await shareOf(space);
    await rootDirectoryClient.createFile('nobody-told', 3);
    await json('detect-changes', '--timeout', String(patienceMs / 1000));
    await space.inSync();
    for (const site of ['a', 'b']) expect(existsSync(path.join(space.site(site), 'nobody-told'))).toBe(true);
    expect(await struck(space)).toBeGreaterThan(0);
    await askFaults(space, 'DELETE');
  }, 900_000);
});
