// Hostile names, links and attributes through the committer onto the embedded Azure Files, and back from its listing.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesRest, header } from '../../lib/azure/rest/files.ts';
import { shareOf } from '../../lib/azure/share.ts';
import { snapshotsOf } from '../../lib/azure/snapshots.ts';
import { systemClock } from '../../lib/base/clock.ts';
import { silent } from '../../lib/base/log.ts';
import { seededRandom } from '../../lib/base/random.ts';
import { commit } from '../../lib/cloud/commit/commit.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import type { Share } from '../../lib/cloud/ports.ts';
import { claimIncarnation, createGroup, enrol } from '../../lib/cloud/registry.ts';
import { after } from '../../lib/cloud/rows.ts';
import { defaultSettings } from '../../lib/cloud/settings.ts';
import type { NodeState } from '../../lib/core/node.ts';
import { linuxName } from '../../lib/core/share-name.ts';
import { startFiles } from '../../lib/local/files/service.ts';
import { attributesIn, roomFor, withAttributes } from '../../lib/protocol/attributes.ts';
import { stagedPath } from '../../lib/protocol/layout.ts';
import { linkTarget } from '../../lib/protocol/link.ts';
import { logRow } from '../../lib/protocol/log-row.ts';
import { cloudSigner, makeSigningKeys, seal } from '../../lib/protocol/message.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import { hashOf, linkBytes } from '../support/endpoint.ts';
import { MemoryTable } from '../support/memory-table.ts';
import { Replay } from '../support/replay.ts';

const account = { name: 'names', key: Buffer.alloc(64, 9).toString('base64') };
const group = 'g';
const keys = makeSigningKeys();

let share: Share;
let cloud: Cloud;
let send: (...operations: readonly Operation[]) => Promise<void>;
let create: (name: string, bytes: Uint8Array) => Promise<Extract<Operation, { kind: 'create' }>>;
let upload: (at: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>) => Promise<string>;
let stop: () => Promise<void>;

beforeAll(async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'names-'));
  const files = await startFiles({ dir, account });
  const rest = filesRest(`${files.url}/docs`, { kind: 'key', account: account.name, key: account.key });
  await rest.call('PUT', '', [['restype', 'share']], {});
  const shares = filesRest(files.url, { kind: 'key', account: account.name, key: account.key });
  share = { ...shareOf(rest), ...snapshotsOf(shares, 'docs') };
  cloud = {
    table: new MemoryTable().client(),
    share: () => share,
    events: { committed: () => Promise.resolve() },
    sites: { send: () => Promise.resolve() },
    changes: { send: (_group, body) => commit(cloud, group, body, 1) },
    clock: systemClock,
    random: seededRandom(1),
    log: silent,
    settings: defaultSettings,
    keys,
    caches: new Map(),
  };
  await createGroup(cloud, group, 'docs');
  const { endpoint } = await enrol(cloud, { group, server: 'paris', path: '/srv', publicKey: keys.publicKey });
  const { incarnation } = await claimIncarnation(cloud, group, endpoint, 'holder', 0);
  let n = 0;
  let count = 0;
  send = async (...operations) => {
    const batch = { v: 1 as const, group, endpoint, incarnation, from: n + 1, operations: [...operations] };
    n += operations.length;
    await commit(cloud, group, seal(batch, endpoint, keys.privateKey), 1);
  };
  upload = async (at, bytes, metadata = {}) => {
    const meta = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]));
    const headers = { 'x-ms-type': 'file', 'x-ms-content-length': String(bytes.length), ...meta };
    const answer = await rest.call('PUT', at, [], headers, bytes);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.code}`);
    return header(answer, 'etag');
  };
  create = async (name, bytes) => {
    const id = (++count).toString(36);
    const slot = `b-${id}`;
    const etag = await upload(stagedPath(endpoint, slot), bytes, { tw_op: slot });
    const content = { slot, size: bytes.length, hash: hashOf(bytes), etag, whole: true };
    return {
      kind: 'create',
      node: `${endpoint}-${incarnation}-${id}`,
      parent: 'root',
      name,
      content,
      mtime: '1',
      mode: 0o644,
    };
  };
  stop = async () => {
    rest.close();
    shares.close();
    await files.stop();
    rmSync(dir, { recursive: true });
  };
});
afterAll(() => stop());

async function nodes(): Promise<ReadonlyMap<string, NodeState>> {
  const rows = await cloud.table.range(group, 'log|', after('log|'), 1000);
  return new Replay(rows.map((row) => logRow.parse(row.value))).byPath();
}

async function examine(at: string): Promise<void> {
  const findings = [{ kind: 'examine' as const, path: at }];
  await commit(cloud, group, seal({ v: 1, group, findings }, cloudSigner, keys.privateKey), 1);
}

const hostile = [
  'two\nlines',
  'bell\u0007',
  `both "kinds" of 'quotes'`,
  '10:30',
  'CON',
  'aux.txt',
  'dot.',
  'dots...',
  'space ',
  'emoji \u{1f600}',
  'caf\u00e9',
  'cafe\u0301',
  '\udcff\udcfe is no UTF-8',
  'A',
  'a',
  '\uf022',
  ':',
  'del\u007f',
  'next\u0085',
  '*?<>|\\',
  'x'.repeat(255),
  '漢'.repeat(85),
  '%2F%41+&#<>',
  ' leading',
  '\ufffe',
];

describe('on the embedded Azure Files', () => {
  test('every name goes there and comes back', async () => {
    await send(...(await Promise.all(hostile.map((name) => create(name, Buffer.from(name))))));
    const known = await nodes();
    expect([...known.keys()].toSorted()).toEqual(hostile.toSorted());
    const listed = new Map(((await share.list('', '')) ?? []).map((entry) => [entry.name, entry]));
    listed.delete('.tideway');
    expect(listed.size).toBe(hostile.length);
    for (const node of known.values()) {
      const shareName = [...listed.keys()].find(
        (name) => (node.share ?? name) === name && (node.share !== undefined || linuxName(name) === node.name),
      );
      const entry = listed.get(shareName ?? '');
      expect({ name: node.name, fileId: entry?.fileId }).toEqual({ name: node.name, fileId: node.fileId });
      const read = await share.read(shareName ?? '', node.etag, 0, node.size);
      expect(Buffer.from(read ?? []).toString()).toBe(Buffer.from(node.name).toString());
    }
    const marked = ['CON', 'aux.txt', '\udcff\udcfe is no UTF-8', 'a', '\uf022', 'del\u007f', 'next\u0085'];
    expect(
      [...known.values()]
        .filter((node) => node.share !== undefined)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(marked.toSorted());
    const rows = (await cloud.table.range(group, 'log|', after('log|'), 1000)).length;
    await examine('');
    expect(await cloud.table.range(group, 'log|', after('log|'), 1000)).toHaveLength(rows);
  });

  test('what a Linux client wrote under a mapped name is found under its own', async () => {
    await upload('found\uf02230\uf029', Buffer.from('x'));
    await examine('found\uf02230\uf029');
    expect((await nodes()).get('found:30.')).toMatchObject({ kind: 'file', author: 'Cloud' });
  });

  test('links and attributes', async () => {
    const xattrs = { 'user.big': Buffer.alloc(2_000, 'x').toString('base64') };
    expect(roomFor(xattrs)).toBe('share');
    const link = { ...(await create('link', linkBytes('../é\udc80'))), target: '../é\udc80', mode: 0o777 };
    const file = { ...(await create('file', Buffer.from('x'))), owner: 'é'.repeat(100), xattrs };
    await send(link, file);
    const known = (await nodes()).get('file');
    const there = await share.properties('link', 'file');
    expect(linkTarget((await share.read('link', there?.etag ?? '', 0, 1067)) ?? new Uint8Array())).toBe('../é\udc80');
    await send({
      kind: 'attributes',
      node: known?.id ?? '',
      base: known?.version ?? 0,
      mode: 0o600,
      owner: 'é'.repeat(100),
      xattrs,
      group: 'g',
    });
    const metadata = (await share.properties('file', 'file'))?.metadata ?? {};
    expect(attributesIn(metadata)).toMatchObject({ mode: 0o600, group: 'g' });
    await upload('copy', Buffer.from('y'), withAttributes({}, { mode: 0o640, owner: 'zoe', xattrs }));
    await upload('found link', linkBytes('there'));
    await examine('');
    expect((await nodes()).get('copy')).toMatchObject({ mode: 0o640, owner: 'zoe', xattrs });
    expect((await nodes()).get('found link')).toMatchObject({ kind: 'link', target: 'there' });
  });
});
