// Hot directories: those that changed within a day are where people work, on the share too. They are listed again and again,
// in turns and for so much work in so long; where one is not as the namespace says an enumeration of just these begins, so
// that what is different counts when it was seen twice. What nobody changes costs a few reads.
import { z } from 'zod';
import { inParallel } from '../../base/pool.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import { emptyCache } from '../cached-rows.ts';
import type { Cloud } from '../group.ts';
import { RowConflict, ShareRefusal, type Share, type Write } from '../ports.ts';
import { groupKey, groupRow } from '../rows.ts';
import { View } from '../view.ts';
import { listDirectory } from './list.ts';
import { isOver, newScan, scansOf } from './start.ts';

const hotRow = z.object({
  v: z.literal(1),
  /** The log is known up to here. */
  seq: z.number().int().nonnegative(),
  /** When they were listed last, ms since 1970. */
  at: z.number(),
  /** Entries that were listed beyond what is listed in one go: as long as there are some, nothing is. */
  debt: z.number(),
  /** In the order in which their turn comes, with the time of the last change. */
  directories: z.array(z.tuple([z.string(), z.number()])),
});
type HotRow = z.infer<typeof hotRow>;
const hotKey = 'hot';

const rowsAtOnce = 1000;
const maxDirectories = 256;
/** Of what is gone it takes a read to know where it was. */
const maxLookups = 32;
const maxOpen = 2;
const width = 8;

/** Lists those whose turn it is, when it is time; true where that has begun an enumeration. Of two at once one changes nothing. */
export async function lookAtHot(cloud: Cloud, group: string): Promise<boolean> {
  const { table, settings, clock } = cloud;
  const now = clock.now();
  const [row, about] = await Promise.all([table.get(group, hotKey), table.get(group, groupKey)]);
  const known = row === undefined ? nothing : hotRow.parse(row.value);
  if (about === undefined || (now >= known.at && now - known.at < settings.hotEveryMs)) return false;
  const view = new View(table, group, emptyCache());
  const head = await view.refresh();
  if (head === undefined || head.row.stopped !== undefined) return false;
  const heard = await follow(cloud, group, view, known, head.row.committedSeq);
  const share = cloud.share(groupRow.parse(about.value).share);
  const turn = known.debt >= settings.hotEntries ? [] : heard.directories.slice(0, settings.hotDirectories);
  const looks = await inParallel(turn, width, ([id]) => lookAt(share, view, id));
  const listed = looks.reduce((sum, { entries }) => sum + entries, 0);
  const alive = turn.filter((_, index) => looks[index]?.alive === true);
  const next: HotRow = {
    ...heard,
    at: now,
    debt: Math.max(0, known.debt + listed - settings.hotEntries),
    directories: [...heard.directories.slice(turn.length), ...alive],
  };
  const writes: Write[] = [
    row === undefined
      ? { do: 'insert', key: hotKey, value: next }
      : { do: 'replace', key: hotKey, value: next, etag: row.etag },
  ];
  const different = new Set(looks.flatMap(({ path, differs }) => (differs && path !== undefined ? [path] : [])));
  const begins = different.size > 0 && (await mayBegin(cloud, group));
  if (begins) writes.push(...newScan(cloud, { kind: 'hot', path: '', paths: [...different] }).writes);
  try {
    await table.transact(group, writes);
    return begins;
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error; // another one was faster
    return false;
  }
}

const nothing: HotRow = { v: 1, seq: 0, at: 0, debt: 0, directories: [] };

/** What the log says since: a directory that changes keeps its turn, a new one is next. */
async function follow(cloud: Cloud, group: string, view: View, known: HotRow, seq: number): Promise<HotRow> {
  const oldest = cloud.clock.now() - cloud.settings.hotMs;
  const directories = new Map(known.directories.filter(([, at]) => at >= oldest));
  const from = Math.max(known.seq, seq - rowsAtOnce) + 1;
  const rows = from > seq ? [] : await cloud.table.range(group, logKey(from), logKey(seq + 1), rowsAtOnce);
  const fresh = new Map<NodeId, number>();
  const lookups = { left: maxLookups };
  for (const row of rows.map(({ value }) => logRow.parse(value))) {
    if (row.at < oldest) continue;
    for (const id of await changedBy(view, row, lookups)) {
      if (directories.has(id)) directories.set(id, row.at);
      else fresh.set(id, row.at);
    }
  }
  const all = [...[...fresh].toReversed(), ...directories];
  const newest = new Set(all.toSorted(([, a], [, b]) => b - a).slice(0, maxDirectories));
  return { ...known, seq, directories: all.filter((each) => newest.has(each)) };
}

/** The directories that it changed. */
async function changedBy(view: View, { effects }: LogRow, lookups: { left: number }): Promise<readonly NodeId[]> {
  const ids: NodeId[] = [];
  for (const effect of effects) {
    if ('put' in effect) {
      ids.push(effect.put.parent);
      if (effect.put.kind === 'directory') ids.push(effect.put.id);
    } else if ('drop' in effect && lookups.left-- > 0) {
      const gone = await view.find(effect.drop);
      if (gone.state === 'dead') ids.push(gone.row.parent);
    }
  }
  return ids;
}

interface Looked {
  /** False: it is deleted, and no longer of interest. */
  readonly alive: boolean;
  readonly path?: string;
  readonly entries: number;
  readonly differs: boolean;
}

async function lookAt(share: Share, view: View, id: NodeId): Promise<Looked> {
  if (id !== rootId && (await view.find(id)).state !== 'alive') return { alive: false, entries: 1, differs: false };
  const path = await view.pathOf(id);
  try {
    const listed = await listDirectory(share, view, path);
    // Gone on the share: that is a difference of the directory above.
    if (listed === undefined) return { alive: true, path: above(path), entries: 1, differs: true };
    return { alive: true, path, entries: Math.max(1, listed.entries), differs: listed.differing.length > 0 };
  } catch (error) {
    if (!(error instanceof ShareRefusal)) throw error;
    return { alive: true, path: above(path), entries: 1, differs: true }; // being deleted, or a file by now
  }
}

function above(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** What a group takes in with its share is nobody's edit yet, and is found in any case. */
async function mayBegin(cloud: Cloud, group: string): Promise<boolean> {
  const open = (await scansOf(cloud, group)).filter(({ scan }) => !isOver(scan));
  const hot = open.filter(({ scan }) => scan.kind === 'hot');
  return hot.length < maxOpen && !open.some(({ scan }) => scan.kind === 'intake');
}
