// The contents that a path has, and had: the current one, and those that trash still keeps.
import { fromShareTime, trashRoot } from '../../protocol/layout.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import type { PastVersion, VersionsAnswer } from '../../protocol/past.ts';
import { TidewayError } from '../../base/errors.ts';
import type { Cloud } from '../group.ts';
import { ShareRefusal, type Share, type ShareProperties } from '../ports.ts';
import { groupKey, groupRow } from '../rows.ts';
import { isSeal } from '../commit/steps/work.ts';
import { locate } from './locate.ts';
import { backwards } from './log.ts';
import { trashOf } from './trash.ts';

/** Newest last. Rejects as `locate` does, and with `not_a_file`. */
export async function versions(cloud: Cloud, group: string, path: string): Promise<VersionsAnswer> {
  const located = await locate(cloud, group, path);
  const { view, row, alive } = located;
  if (row.kind === 'directory')
    throw new TidewayError('not_a_file', `${located.path} is a directory: its files have versions`, {
      path: located.path,
    });
  const group_ = groupRow.parse((await cloud.table.get(group, groupKey))?.value);
  const share = cloud.share(group_.share);
  const rows: LogRow[] = [];
  for await (const each of backwards(cloud.table, group, view.head.row.committedSeq))
    if (each.node === row.id || each.effects.some((effect) => 'put' in effect && effect.put.id === row.id))
      rows.unshift(each);
  const out: PastVersion[] = [];
  let last: PastVersion | undefined;
  for (const each of rows) {
    const took = await takenBy(share, each, row.id);
    if (took !== undefined) {
      if (last === undefined) out.push(ofTrash(took));
      else out.push({ ...last, state: 'kept', trash: took.path });
      last = undefined;
    }
    const put = each.effects
      .flatMap((effect) => ('put' in effect && effect.put.id === row.id ? [effect.put] : []))
      .at(-1);
    if (put === undefined || put.version === last?.version) continue;
    if (last !== undefined) out.push(last);
    const { version, size, mtime, hash, author } = put;
    last = { version, at: version === each.seq ? each.at : null, site: author, size, mtime, hash, state: 'gone' };
  }
  const { version, size, mtime, hash, author: site } = row;
  const now: PastVersion =
    last?.version === version ? last : { version, at: row.at ?? null, site, size, mtime, hash, state: 'gone' };
  if (last !== undefined && last.version !== version) out.push(last);
  const known = out.some((each) => each.version === version && each.state === 'kept');
  if (alive) out.push({ ...now, state: 'current' });
  else if (!known) out.push(await ofDead(share, await trashOf(cloud.table, view, row), now));
  return { path: located.path, node: row.id, deleted: !alive, versions: out };
}

interface Taken {
  readonly path: string;
  readonly there: ShareProperties;
}

/** What a row moved aside: an edit and a delete each name a place in trash. */
async function takenBy(share: Share, { op, seq, n, node, outcome }: LogRow, id: string): Promise<Taken | undefined> {
  if (node !== id || (op !== 'edit' && op !== 'delete') || outcome === 'rejected' || outcome === 'parked')
    return undefined;
  const path = `${trashRoot}/${seq}-${n}`;
  const there = await inTrash(share, path);
  return there === undefined ? undefined : { path, there };
}

/** A file, not the seal of one that went elsewhere. */
export async function inTrash(share: Share, path: string): Promise<ShareProperties | undefined> {
  try {
    const there = await share.properties(path, 'file');
    return there === undefined || isSeal(there) ? undefined : there;
  } catch (error) {
    if (error instanceof ShareRefusal) return undefined;
    throw error;
  }
}

function ofTrash({ path, there }: Taken): PastVersion {
  const mtime = fromShareTime(there.lastWrite);
  return { version: null, at: null, site: null, size: there.size, mtime, hash: null, state: 'kept', trash: path };
}

/** Of what died with a directory: it is in the directory's trash. */
async function ofDead(share: Share, path: string | undefined, last: PastVersion): Promise<PastVersion> {
  const there = path === undefined ? undefined : await inTrash(share, path);
  return there === undefined || path === undefined ? last : { ...last, state: 'kept', trash: path };
}
