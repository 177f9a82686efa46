// Groups and endpoints: who takes part. The partition `registry` of the table lists the groups; everything about one group
// is in its own partition, so that a transaction can speak of it.
import { z } from 'zod';
import { randomHex } from '../base/random.ts';
import { TidewayError, messageOf } from '../base/errors.ts';
import { blocksRoot, epochPath, ours, stagingDir, stagingRoot, trashRoot } from '../protocol/layout.ts';
import type { EnrolAnswer, EnrolRequest } from '../protocol/api.ts';
import { rootId } from '../core/node.ts';
import { newScan } from './enumerate/start.ts';
import { intentRow } from './commit/plan.ts';
import type { Cloud } from './group.ts';
import { RowConflict, ShareRefusal, type Share } from './ports.ts';
import {
  after,
  endpointKey,
  endpointRow,
  floorKey,
  groupKey,
  groupRow,
  headKey,
  pubKey,
  type EndpointRow,
  type FloorRow,
  type GroupRow,
  type HeadRow,
} from './rows.ts';
import { isOurs } from './view.ts';

const registry = 'registry';
const groupEntry = z.object({ v: z.literal(1), group: z.string() });

export async function listGroups(cloud: Cloud): Promise<readonly string[]> {
  const rows = await cloud.table.range(registry, 'group|', after('group|'), 1000);
  return rows.map((row) => groupEntry.parse(row.value).group);
}

const defaultExclude: readonly string[] = ['~$*', '*.laccdb', 'Thumbs.db', 'desktop.ini'];

/**
 * Makes a group on a share that exists; repeating it changes nothing. `name` becomes the partition and the session id. What
 * is on the share already is taken in by an enumeration, which begins with the group. Rejects with `group_name_invalid`,
 * `group_taken`, `share_taken`, `share_unknown`.
 */
export async function createGroup(cloud: Cloud, name: string, shareName: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) || name === registry)
    throw new TidewayError('group_name_invalid', `a group cannot be named ${JSON.stringify(name)}`, {
      path: name,
      hint: 'Use 1 to 63 lower-case letters, digits and hyphens.',
    });
  const known = await cloud.table.get(name, groupKey);
  if (known === undefined) await begin(cloud, name, shareName);
  else if (groupRow.parse(known.value).share !== shareName)
    throw new TidewayError('group_taken', `${name} is there already, on another share`, { path: name });
  await ifNew(cloud.table.transact(registry, [{ do: 'insert', key: `group|${name}`, value: { v: 1, group: name } }]));
}

async function begin(cloud: Cloud, name: string, shareName: string): Promise<void> {
  await refuseTaken(cloud, shareName);
  const share = cloud.share(shareName);
  const epoch = await prepareShare(cloud, share, shareName);
  const entries = (await share.list('', '')) ?? [];
  const holdsFiles = entries.some((entry) => !isOurs(rootId, entry.name));
  const head: HeadRow = { v: 1, committedSeq: 0, intentSeq: 0, txnId: randomHex(cloud.random, 12), epoch };
  const floor: FloorRow = { v: 1, floor: 0, movedAt: cloud.clock.now(), swept: 0, trashed: 0, counted: 0 };
  const createdAt = cloud.clock.now();
  const group: GroupRow = { v: 1, name, share: shareName, createdAt, exclude: [...defaultExclude] };
  await ifNew(
    cloud.table.transact(name, [
      { do: 'insert', key: headKey, value: head },
      { do: 'insert', key: groupKey, value: group },
      { do: 'insert', key: floorKey, value: floor },
      { do: 'insert', key: pubKey, value: { v: 1, publishedSeq: 0 } },
      ...(holdsFiles ? newScan(cloud, { kind: 'intake', path: '' }).writes : []),
    ]),
  );
}

/** Two groups on one share would take each other's commits for edits of somebody. */
async function refuseTaken(cloud: Cloud, shareName: string): Promise<void> {
  for (const group of await listGroups(cloud)) {
    const row = await cloud.table.get(group, groupKey);
    if (row !== undefined && groupRow.parse(row.value).share === shareName)
      throw new TidewayError('share_taken', `the share ${shareName} belongs to group ${group}`, { path: shareName });
  }
}

async function ifNew(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // it is there: made before
  }
}

/** Our directories, and the epoch: the id of this share's life, kept on it and in `head`. */
export async function prepareShare(cloud: Cloud, share: Share, name: string): Promise<string> {
  await share.properties('', 'directory').catch((error: unknown) => {
    if (!messageOf(error).includes('ShareNotFound')) throw error;
    throw new TidewayError('share_unknown', `there is no share ${name}`, { path: name, hint: 'Make the share first.' });
  });
  for (const dir of [ours, stagingRoot, trashRoot, blocksRoot]) await makeDir(share, dir);
  const known = await share.properties(epochPath, 'file');
  const there = known?.metadata['tw_epoch'];
  if (there !== undefined) return there;
  const epoch = randomHex(cloud.random, 12);
  await share.create(epochPath, { tw_epoch: epoch });
  return epoch;
}

export async function makeDir(share: Share, dir: string): Promise<void> {
  try {
    await share.mkdir(dir, {});
  } catch (error) {
    if (!(error instanceof ShareRefusal) || error.fault !== 'exists') throw error;
  }
}

const slots = 100;

/** An endpoint with this public key: the one that is there, or a new one with the next free slot of the topic. */
export async function enrol(cloud: Cloud, request: EnrolRequest): Promise<EnrolAnswer> {
  const { group, server, path, publicKey } = request;
  const row = await cloud.table.get(group, groupKey);
  if (row === undefined)
    throw new TidewayError('group_unknown', `there is no group ${group}`, {
      path: group,
      hint: 'Create the group first.',
    });
  const rows = await cloud.table.range(group, 'endpoint|', after('endpoint|'), 1000);
  const endpoints = rows.map((each) => endpointRow.parse(each.value));
  const same = endpoints.find((endpoint) => endpoint.publicKey === publicKey);
  if (same !== undefined) return { endpoint: same.id, slot: same.slot, group };
  if (endpoints.some((endpoint) => endpoint.server === server))
    throw new TidewayError('server_taken', `${server} has an endpoint in ${group} already`, {
      path: server,
      hint: 'Give the site another name, or start it with the state it had.',
    });
  const taken = new Set(endpoints.map((endpoint) => endpoint.slot));
  const slot = Array.from({ length: slots }, (_, index) => `site-${String(index).padStart(3, '0')}`).find(
    (candidate) => !taken.has(candidate),
  );
  if (slot === undefined)
    throw new TidewayError('too_many_servers', `${group} has ${slots} servers already`, { hint: 'Remove one first.' });
  const id = randomHex(cloud.random, 6);
  const endpoint: EndpointRow = { v: 1, id, server, path, slot, publicKey, holder: '', incarnation: 0, n: 0 };
  await makeDir(cloud.share(groupRow.parse(row.value).share), stagingDir(id));
  // The slot is claimed with the endpoint: of two servers that come at once, one starts over and finds it taken.
  const claim = { do: 'insert' as const, key: `slot|${slot}`, value: { v: 1, endpoint: id } };
  try {
    await cloud.table.transact(group, [claim, { do: 'insert', key: endpointKey(id), value: endpoint }]);
  } catch (error) {
    if (error instanceof RowConflict) return enrol(cloud, request);
    throw error;
  }
  return { endpoint: id, slot, group };
}

/**
 * Compare-and-set of an endpoint's incarnation; 0 asks for one, once for each holder: asked again, as after a lost answer,
 * the same is answered. Rejects with code `clone` when another holds it, with `settling` where it has to be asked again soon.
 */
export async function claimIncarnation(
  cloud: Cloud,
  group: string,
  endpointId: string,
  holder: string,
  incarnation: number,
): Promise<{ incarnation: number; n: number }> {
  const row = await cloud.table.get(group, endpointKey(endpointId));
  if (row === undefined) throw new TidewayError('endpoint_unknown', `there is no endpoint ${endpointId}`);
  const endpoint = endpointRow.parse(row.value);
  // A request for a new one may also arrive late: it must not take the turn from the very holder that has it.
  if (holder === endpoint.holder && (incarnation === 0 || incarnation === endpoint.incarnation)) {
    if (incarnation === 0) await assertSettled(cloud, group, endpoint);
    return { incarnation: endpoint.incarnation, n: endpoint.n };
  }
  if (incarnation !== 0) {
    throw new TidewayError('clone', 'this state is a copy: another agent works with the same endpoint', {
      hint: 'Stop this agent and remove its state; then it joins as a server of its own.',
    });
  }
  const { trying: _trying, ...rest } = endpoint;
  const next: EndpointRow = { ...rest, holder, incarnation: endpoint.incarnation + 1, n: 0 };
  try {
    await cloud.table.transact(group, [{ do: 'replace', key: row.key, value: next, etag: row.etag }]);
  } catch (error) {
    // A commit has moved the counter meanwhile, or another holder was faster: look again.
    if (error instanceof RowConflict) return claimIncarnation(cloud, group, endpointId, holder, incarnation);
    throw error;
  }
  await assertSettled(cloud, group, next);
  return { incarnation: next.incarnation, n: 0 };
}

/**
 * What the endpoint said before has come to its end: a namespace that is read from now on shows all of it. No intent of it
 * is opened any more, because its row has changed (C5a). Rejects with `settling` while one is open: ask again.
 */
async function assertSettled(cloud: Cloud, group: string, { id, incarnation }: EndpointRow): Promise<void> {
  if (incarnation === 1) return;
  const intents = await cloud.table.range(group, 'intent|', after('intent|'), 1000);
  const isOpen = intents
    .flatMap(({ value }) => intentRow.parse(value).operations)
    .some((planned) => planned.endpoint === id && planned.incarnation < incarnation);
  if (isOpen) throw new TidewayError('settling', 'an operation of this server from before is just being committed');
}
