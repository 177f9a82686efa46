// One path of the share against the namespace: what somebody did there, if anything.
import { given } from '../../core/attributes.ts';
import { conflictName } from '../../core/conflict-name.ts';
import { linuxName, plainShareName } from '../../core/share-name.ts';
import { newNodeId } from '../group.ts';
import type { Turn } from './intent.ts';
import { readKind } from './link.ts';
import type { Change } from './plan.ts';
import type { ShareProperties } from '../ports.ts';
import { after, nodeKey, parkedRow, type NodeRow } from '../rows.ts';
import { cloudAuthor, foundNode } from './steps/foreign.ts';
import { shareKindOf, shareNameOf } from '../view.ts';

export interface Seen {
  readonly parent: string;
  readonly path: string;
  /** As the share spells it. */
  readonly name: string;
  readonly known: NodeRow | undefined;
  readonly there: ShareProperties | undefined;
  readonly last: boolean;
  /** Linux names that others of the same directory get in the same transaction. */
  readonly taken?: ReadonlySet<string> | undefined;
}

/** What has to be logged so that the namespace says what is there; undefined where it does. */
export async function difference(turn: Turn, seen: Seen): Promise<Change | undefined> {
  const { parent, name, known, there, last } = seen;
  if (there === undefined) {
    // Only the path that was posted: a directory above it that cannot be seen proves nothing about itself (I6).
    if (known === undefined || !last || (await isParked(turn, known.id))) return undefined;
    return { drop: known, key: nodeKey(known.parent, shareNameOf(known)) };
  }
  if (known === undefined) {
    const read = await readKind(turn.share, seen.path, there);
    if (read === 'unreadable') return undefined; // the next look will see it
    const at = { id: newNodeId(turn.cloud), parent, ...(await freeName(turn, seen)) };
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
async function freeName(
  turn: Turn,
  { parent, name: shareName, taken }: Seen,
): Promise<{ name: string; share?: string }> {
  const own = linuxName(shareName);
  for (let attempt = -1; ; attempt++) {
    const name = attempt < 0 ? own : conflictName(own, cloudAuthor, attempt);
    if (taken?.has(name) === true || (await turn.view.childNamed(parent, name)) !== undefined) continue;
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
