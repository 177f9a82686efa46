// Somebody edited the share and posted the path (or a directory turned up): what is there is compared with what the
// namespace says and logged as found, author `cloud`. Runs inside the group's turn, so no intent of ours is open.
import { given } from '../core/attributes.ts';
import { conflictName } from '../core/conflict-name.ts';
import { fold } from '../core/fold.ts';
import { rootId } from '../core/node.ts';
import { linuxName, plainShareName } from '../core/share-name.ts';
import { ours } from '../protocol/layout.ts';
import { finish } from './finish.ts';
import { newNodeId, newTxnId } from './group.ts';
import type { Logged, Turn } from './intent.ts';
import { readKind } from './link.ts';
import type { Change } from './plan.ts';
import { ShareRefusal, type ShareKind, type ShareProperties } from './ports.ts';
import { after, nodeKey, parkedRow, type NodeRow } from './rows.ts';
import { cloudAuthor, foundNode } from './steps/foreign.ts';
import type { Done } from './undo.ts';
import { join, shareKindOf, shareNameOf } from './view.ts';
import type { LogRow } from '../protocol/log-row.ts';

const nothing: Logged = { rows: [], examine: [] };

/** `path` is a share path. Directories above it that nobody knew are found first, top down. */
export async function examine(turn: Turn, path: string): Promise<Logged> {
  const names = path.split('/').filter((name) => name !== '');
  if (names.some((name) => name === '.' || name === '..') || names[0]?.toLowerCase() === ours) return nothing;
  const rows: LogRow[] = [];
  try {
    return { rows, examine: await lookAlong(turn, names, rows) };
  } catch (error) {
    // Being deleted, or another thing than a moment ago: what it is in the end, the next look will see.
    if (error instanceof ShareRefusal) return { rows, examine: [] };
    throw error;
  }
}

/** Adds to `rows` what was logged; answers the paths that have to be looked at next. */
async function lookAlong(turn: Turn, names: readonly string[], rows: LogRow[]): Promise<readonly string[]> {
  let parent = rootId;
  let dir = '';
  for (const [index, name] of names.entries()) {
    const at = join(dir, name);
    const last = index === names.length - 1;
    const there = await onShare(turn, at);
    // Twice, because a file in a directory's place is two changes: the one is gone, the other is there.
    for (let round = 0; round < 2; round++) {
      const known = await turn.view.childOnShare(parent, name);
      const exact = known !== undefined && name === shareNameOf(known);
      const spelled = there === undefined || exact ? name : await spelling(turn, dir, name);
      const change = await difference(turn, { parent, path: at, name: spelled, known, there, last });
      if (change !== undefined) rows.push(...(await log(turn, change)));
    }
    if (last || there?.kind !== 'directory') return last ? below(turn, at, there) : [];
    const now = await turn.view.childOnShare(parent, name);
    if (now === undefined) return [];
    parent = now.id;
    dir = at;
  }
  return below(turn, '', await onShare(turn, ''));
}

async function onShare(turn: Turn, path: string): Promise<ShareProperties | undefined> {
  for (const kind of (path === '' ? ['directory'] : ['file', 'directory']) as ShareKind[]) {
    try {
      const there = await turn.share.properties(path, kind);
      if (there !== undefined) return there;
    } catch (error) {
      if (!(error instanceof ShareRefusal) || error.fault !== 'mismatch') throw error;
    }
  }
  return undefined;
}

/** A path is found in any case: how the share spells its last name. */
async function spelling(turn: Turn, dir: string, name: string): Promise<string> {
  const entries = (await turn.share.list(dir, name)) ?? [];
  return entries.find((entry) => fold(entry.name) === fold(name))?.name ?? name;
}

interface Seen {
  readonly parent: string;
  readonly path: string;
  /** As the share spells it. */
  readonly name: string;
  readonly known: NodeRow | undefined;
  readonly there: ShareProperties | undefined;
  readonly last: boolean;
}

async function difference(turn: Turn, seen: Seen): Promise<Change | undefined> {
  const { parent, name, known, there, last } = seen;
  if (there === undefined) {
    // Only the path that was posted: a directory above it that cannot be seen proves nothing about itself (I6).
    if (known === undefined || !last || (await isParked(turn, known.id))) return undefined;
    return { drop: known, key: nodeKey(known.parent, shareNameOf(known)) };
  }
  if (known === undefined) {
    const read = await readKind(turn.share, seen.path, there);
    if (read === 'unreadable') return undefined; // the next look will see it
    const at = { id: newNodeId(turn.cloud), parent, ...(await freeName(turn, parent, name)) };
    return { put: foundNode(there, there, read, at), place: 'new' };
  }
  const gone: Change = { drop: known, key: nodeKey(known.parent, shareNameOf(known)) };
  if (there.kind !== shareKindOf(known)) return gone;
  const renamed = name === shareNameOf(known) ? undefined : await respelled(turn, known, name);
  if (known.kind === 'directory' || isSame(known, there))
    return renamed === undefined ? undefined : { put: renamed, place: 'moved' };
  const read = await readKind(turn.share, seen.path, there);
  if (read === 'unreadable') return undefined;
  // A link that became a file is another node. A file whose bytes are those of a link, and that a site sent, stays one.
  if (known.kind === 'link' ? read.kind !== 'link' : read.kind === 'link' && !isSameContent(known, there)) return gone;
  const { id, parent: at, name: linux, share } = renamed ?? known;
  const found = foundNode(there, there, known.kind === 'file' ? { kind: 'file' } : read, {
    id,
    parent: at,
    name: linux,
    share,
  });
  // Of a link the content was read: where that is as it was, there is no new version.
  const version = known.kind === 'link' && found.target === known.target ? known.version : 0;
  const put = { ...found, version, mode: known.mode, ...given(known) };
  return { put, place: renamed === undefined ? 'same' : 'moved' };
}

/** Somebody changed the case of a name on the share. */
async function respelled(turn: Turn, known: NodeRow, shareName: string): Promise<NodeRow> {
  const { share, ...rest } = known;
  const name = linuxName(shareName);
  const plain = share === undefined && plainShareName(name) === shareName;
  if (plain && (await turn.view.childNamed(known.parent, name)) === undefined) return { ...rest, name };
  return { ...known, share: shareName };
}

/** The Linux name of what was found: its own, or a conflict name where a node with a marked share name has that one. */
async function freeName(turn: Turn, parent: string, shareName: string): Promise<{ name: string; share?: string }> {
  const own = linuxName(shareName);
  for (let attempt = -1; ; attempt++) {
    const name = attempt < 0 ? own : conflictName(own, cloudAuthor, attempt);
    if ((await turn.view.childNamed(parent, name)) !== undefined) continue;
    return plainShareName(name) === shareName ? { name } : { name, share: shareName };
  }
}

/** Known by file id, ETag, size and last-write: no hash is claimed for what nobody has read. */
function isSame(known: NodeRow, there: ShareProperties): boolean {
  return known.etag === there.etag && isSameContent(known, there);
}

/** What else than content may have moved the ETag. */
function isSameContent(known: NodeRow, there: ShareProperties): boolean {
  return known.fileId === there.fileId && known.size === there.size && known.lastWrite === there.lastWrite;
}

async function isParked(turn: Turn, id: string): Promise<boolean> {
  const rows = await turn.cloud.table.range(turn.view.group, 'parked|', after('parked|'), 1000);
  return rows.some((row) => {
    const { operation } = parkedRow.parse(row.value);
    return 'node' in operation && operation.node === id;
  });
}

async function log(turn: Turn, change: Change): Promise<readonly LogRow[]> {
  const { cloud, view } = turn;
  const row = { v: 1 as const, at: cloud.clock.now(), attempts: 0, operations: [], found: [change] };
  const at = { table: cloud.table, view, clock: cloud.clock, newTxnId: () => newTxnId(cloud) };
  const done: readonly Done[] = [];
  return finish(at, { key: undefined, row }, done);
}

/** What lies in a directory is looked at, too, each entry by a finding of its own; and what should lie there and does not. */
async function below(turn: Turn, path: string, there: ShareProperties | undefined): Promise<readonly string[]> {
  if (there?.kind !== 'directory') return [];
  const entries = await turn.share.list(path, '');
  const parent = await turn.view.directoryAt(path);
  if (entries === undefined || parent === undefined) return [];
  const changed: string[] = [];
  const missing = new Map((await turn.view.children(parent)).map((row) => [nodeKey(parent, shareNameOf(row)), row]));
  for (const entry of entries) {
    if (path === '' && entry.name.toLowerCase() === ours) continue;
    const key = nodeKey(parent, entry.name);
    const known = missing.get(key);
    missing.delete(key);
    const same =
      known !== undefined &&
      shareKindOf(known) === entry.kind &&
      (known.kind === 'directory' || known.etag === entry.etag);
    if (!same || shareNameOf(known) !== entry.name) changed.push(join(path, entry.name));
  }
  for (const child of missing.values()) changed.push(join(path, shareNameOf(child)));
  return changed;
}
