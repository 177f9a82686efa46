// What must hold when the storm is over and everybody is through. Each line is one broken invariant, by its number.
import { snapshotRow } from '../../lib/cloud/backup/rows.ts';
import { trashRoot } from '../../lib/protocol/layout.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import type { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { Replay } from '../support/replay.ts';
import { group, type SimulatedCloud } from './cloud.ts';
import { keyOf } from './ledger.ts';
import type { Run } from './run.ts';
import type { Site } from './site.ts';
import { isOurs } from './watched.ts';

export function check(run: Run, cloud: SimulatedCloud, sites: readonly Site[]): readonly string[] {
  const { rows } = cloud.table;
  const replay = new Replay(rows);
  return [
    ...namespaceAndShare(run, cloud),
    ...sites.flatMap((site) => [
      ...siteIsNamespace(site, replay, cloud),
      ...remoteIsReplayed(site, rows),
      ...treesAgree(site, replay),
    ]),
    ...contents(run, cloud),
    ...snapshots(cloud),
    ...newContentOnce(run, rows),
  ];
}

/** I1, I3, I7, I9, I10, I11 and I19 as far as the backend alone can tell. */
function namespaceAndShare(run: Run, { table, share }: SimulatedCloud): readonly string[] {
  const destroyed = new Set(run.ledger.erased.values());
  const world = { table, share, rows: () => table.rows, sent: [], foreign: new Set<string>(), destroyed };
  return brokenInvariants(world as unknown as CloudWorld);
}

/** I1: the site has every node at its path with its content, mode and time, and nothing else. */
function* siteIsNamespace(site: Site, replay: Replay, { share }: SimulatedCloud): Iterable<string> {
  const there = new Map(site.user.snapshot());
  for (const [path, node] of replay.byPath()) {
    const here = there.get(path);
    there.delete(path);
    const kind = here?.stat.kind;
    if (here === undefined) yield `I1 ${site.name} lacks ${path}`;
    else if (kind !== node.kind) yield `I1 ${site.name} has a ${kind} at ${path}`;
    else if (here.stat.mode !== node.mode)
      yield `I1 ${site.name} ${path}: mode ${here.stat.mode.toString(8)}, not ${node.mode.toString(8)}`;
    else if (here.data !== undefined) {
      const apart = here.stat.mtimeNs - BigInt(node.mtime);
      if (apart > 1000n || apart < -1000n)
        yield `I1 ${site.name} ${path}: mtime ${here.stat.mtimeNs}, not ${node.mtime}`;
      const entry = share.find(replay.sharePathOf(node.id));
      if (entry === undefined || keyOf(entry.content) !== keyOf(here.data))
        yield `I1 ${site.name} ${path} has other content than the share`;
    }
  }
  for (const path of there.keys()) if (!isOurs(path)) yield `I1 ${site.name} has ${path}, and nobody else`;
}

/**
 * I1, in the moment somebody says that he is in sync, whatever is still to come from the share: all that users have there has
 * its place in the log, and all that the log has is there. Another look would heal what is not, so it is asked before that.
 */
export function* saidTooEarly(site: Site, rows: readonly LogRow[]): Iterable<string> {
  const there = new Map(site.user.snapshot());
  for (const [path, { kind }] of site.replayed(rows, rows.length).byPath()) {
    const here = there.get(path)?.stat.kind;
    if (here !== (kind === 'link' ? 'symlink' : kind)) yield `I1 ${site.name} is in sync without ${path}`;
    there.delete(path);
  }
  for (const path of there.keys()) if (!isOurs(path)) yield `I1 ${site.name} is in sync, and alone has ${path}`;
}

/** I13: the remote tree is what rows 1..cursor make. */
export function* remoteIsReplayed(site: Site, rows: readonly LogRow[]): Iterable<string> {
  const { cursor, whole } = site.meta;
  // A tree that was read anew is one of no single moment, until the log was read from before to after that.
  if (!whole || cursor < site.readAnew(rows.length)) return;
  const { nodes } = site.replayed(rows, cursor);
  const remote = new Map<string, string>();
  for (const row of site.disk.rows('remote')) remote.set(String(row['id']), String(row['json']));
  for (const [id, node] of nodes) {
    const json = remote.get(id) ?? '{}';
    if (json !== JSON.stringify(node) && canonical(node) !== canonical(JSON.parse(json) as object))
      yield `I13 ${site.name} remote ${node.name} (${id})`;
  }
  for (const id of remote.keys()) if (!nodes.has(id)) yield `I13 ${site.name} remote has ${id}`;
}

/** I1: local and synced tree say the same as the namespace. */
function* treesAgree({ name: who, disk }: Site, replay: Replay): Iterable<string> {
  for (const tree of ['local', 'synced'] as const) {
    const entries = new Map(disk.rows(tree).map((row) => [String(row['id']), row]));
    for (const { id, parent, name, version } of replay.nodes.values()) {
      const entry = entries.get(id);
      if (entry?.['parent'] !== parent) yield `I1 ${who} ${tree} ${name} (${id}) is in ${String(entry?.['parent'])}`;
      if (tree === 'synced' && entry?.['version'] !== version)
        yield `I1 ${who} synced ${name} (${id}) is version ${String(entry?.['version'])}, not ${version}`;
    }
    for (const id of entries.keys()) if (!replay.nodes.has(id)) yield `I1 ${who} ${tree} has ${id}`;
  }
}

/** I3, I4, I5, I6: what nobody took away lives, once; what somebody took away does not. */
function* contents({ ledger }: Run, cloud: SimulatedCloud): Iterable<string> {
  const { share, table } = cloud;
  const copies = conflictCopies(table.rows);
  const buried = unseenInTrash(cloud, ledger);
  const arrived = new Set(
    table.rows.flatMap(({ effects }) => effects.map((each) => ('put' in each ? each.put.hash : null))),
  );
  const live = new Map<string, readonly (readonly [path: string, fileId: string])[]>();
  for (const [path, { kind, content, fileId }] of share.walk()) {
    if (kind !== 'file' || isOurs(path) || content.length === 0) continue;
    const key = keyOf(content);
    live.set(key, [...(live.get(key) ?? []), [path, fileId]]);
  }
  for (const key of ledger.made) {
    const places = live.get(key) ?? [];
    const lost = ledger.lost.has(key) && (!arrived.has(key) || ledger.again.has(key));
    const free = ledger.isDestroyed(key) || lost || buried.has(key);
    if (!free && places.length === 0) yield `I3 ${ledger.name(key)} is lost`;
    if (ledger.isDestroyed(key) && !mayLive(ledger, key))
      for (const [path, fileId] of places) if (!copies.has(fileId)) yield `I5 ${ledger.name(key)} is back at ${path}`;
  }
  for (const [key, places] of live)
    if (places.length > 1 && !mayLive(ledger, key))
      yield `I4 ${ledger.name(key)} is at ${places.map(([path]) => path).join(' and ')}`;
}

/** Though somebody took it away, and more than once. */
function mayLive({ back, again }: Run['ledger'], key: string): boolean {
  return back.has(key) || again.has(key);
}

/**
 * A directory delete is one rename, whatever lies below: what somebody had put or moved there on the share, and nobody had
 * looked at yet, is in trash with it.
 */
function unseenInTrash({ table, share }: SimulatedCloud, { back }: Run['ledger']): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const { effects } of table.rows)
    for (const effect of effects) if ('put' in effect) seen.add(`${effect.put.fileId} ${effect.put.lastWrite}`);
  const out = new Set<string>();
  for (const [path, { kind, content, fileId, lastWrite }] of share.walk(trashRoot)) {
    if (kind !== 'file' || !path.slice(trashRoot.length + 1).includes('/')) continue;
    if (!seen.has(`${fileId} ${lastWrite}`) || back.has(keyOf(content))) out.add(keyOf(content));
  }
  return out;
}

/** In a conflict both stay, also what somebody else was just about to replace: by their file ids. */
function conflictCopies(rows: readonly LogRow[]): ReadonlySet<string> {
  const out = new Set<string>();
  for (const { outcome, op, effects } of rows)
    for (const effect of effects)
      if ('put' in effect && (outcome === 'conflict' || (op === 'found' && effect.put.name.includes('-Cloud'))))
        out.add(effect.put.fileId);
  return out;
}

/** I8, I10: a content is sent as new once; a move, a redo and a second delivery never are new content. */
function* newContentOnce({ ledger }: Run, rows: readonly LogRow[]): Iterable<string> {
  const first = new Map<string, number>();
  for (const row of rows) {
    if (row.op !== 'create' || row.outcome === 'rejected') continue;
    for (const effect of row.effects) {
      if (!('put' in effect) || effect.put.id !== (row.became ?? row.node)) continue;
      const { hash, size } = effect.put;
      if (hash === null || size === 0) continue;
      const before = first.get(hash);
      if (before !== undefined && !mayLive(ledger, hash))
        yield `I8 row ${row.seq} makes ${ledger.name(hash)} anew, which row ${before} made`;
      first.set(hash, row.seq);
    }
  }
}

/** A snapshot has the paths and contents that the namespace had at its number. Nobody else may have been on the share. */
function* snapshots({ share, table }: SimulatedCloud): Iterable<string> {
  for (const { id, seq } of table
    .range(group, 'snapshot|', 'snapshot}', 1000)
    .map((row) => snapshotRow.parse(row.value))) {
    const replay = new Replay(table.rows.slice(0, seq));
    const expected = new Map([...replay.nodes.values()].map((node) => [replay.sharePathOf(node.id), node.hash]));
    for (const [path, { kind, content }] of share.past(id)?.walk() ?? []) {
      if (isOurs(path)) continue;
      const hash = expected.get(path);
      if (hash === undefined) yield `snapshot ${id} at ${seq} has ${path}, which the namespace had not`;
      else if (kind === 'file' && hash !== null && hash !== keyOf(content))
        yield `snapshot ${id} at ${seq} has other content at ${path} than the namespace had`;
      expected.delete(path);
    }
    for (const path of expected.keys()) yield `snapshot ${id} at ${seq} lacks ${path}`;
  }
}

function canonical(value: object): string {
  return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
