// Somebody edited the share and posted the path (or a directory turned up, or enumeration has seen it twice): what is there is
// compared with what the namespace says and logged as found, author `cloud`. Runs inside the group's turn, so no intent of
// ours is open.
import { fold } from '../../core/fold.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { ours } from '../../protocol/layout.ts';
import { difference } from './difference.ts';
import { finish } from './finish.ts';
import { newTxnId } from '../group.ts';
import type { Logged, Turn } from './intent.ts';
import type { Change } from './plan.ts';
import { inParallel } from '../../base/pool.ts';
import { ShareRefusal, type ShareKind, type ShareProperties } from '../ports.ts';
import { nodeKey } from '../rows.ts';
import { join, shareKindOf, shareNameOf } from '../view.ts';
import type { LogRow } from '../../protocol/log-row.ts';

const nothing: Logged = { rows: [], examine: [] };
const width = 32;

/** `path` is a share path. Directories above it that nobody knew are found first, top down; what is below it is next. */
export async function examine(turn: Turn, path: string): Promise<Logged> {
  const names = namesOf(path);
  return names === undefined
    ? nothing
    : unlessRefused(async (rows) => {
        const last = names.at(-1);
        if (last === undefined) return below(turn, '', await onShare(turn, ''));
        const dir = await follow(turn, names.slice(0, -1), rows);
        if (dir === undefined) return [];
        const there = await onShare(turn, join(dir.path, last));
        await look(turn, dir, [{ name: last, there }], true, rows);
        return below(turn, join(dir.path, last), there);
      });
}

/** The same for many paths, those of one directory together, and without what is below them. */
export async function examineEach(turn: Turn, paths: readonly string[]): Promise<Logged> {
  const rows: LogRow[] = [];
  for (const [dirPath, names] of byDirectory(paths)) {
    const found = await unlessRefused(async (logged) => {
      const dir = await follow(turn, namesOf(dirPath) ?? [], logged);
      if (dir === undefined) return [];
      const seen = await inParallel([...names], width, (name) => seenOf(turn, dir.path, name));
      await look(
        turn,
        dir,
        seen.filter((each) => each !== undefined),
        true,
        logged,
      );
      return [];
    });
    rows.push(...found.rows);
  }
  return { rows, examine: [] };
}

/** Undefined for what is ours, or no path at all. */
function namesOf(path: string): readonly string[] | undefined {
  const names = path.split('/').filter((name) => name !== '');
  return names.some((name) => name === '.' || name === '..') || names[0]?.toLowerCase() === ours ? undefined : names;
}

function byDirectory(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const out = new Map<string, Set<string>>();
  for (const path of paths) {
    const names = namesOf(path) ?? [];
    const dir = names.slice(0, -1).join('/');
    const name = names.at(-1);
    if (name !== undefined) out.set(dir, (out.get(dir) ?? new Set()).add(name));
  }
  return out;
}

async function unlessRefused(work: (rows: LogRow[]) => Promise<readonly string[]>): Promise<Logged> {
  const rows: LogRow[] = [];
  try {
    return { rows, examine: await work(rows) };
  } catch (error) {
    // Being deleted, or another thing than a moment ago: what it is in the end, the next look will see.
    if (error instanceof ShareRefusal) return { rows, examine: [] };
    throw error;
  }
}

interface Directory {
  readonly id: NodeId;
  readonly path: string;
}

interface There {
  readonly name: string;
  readonly there: ShareProperties | undefined;
}

/** The live directory that a path leads to; undefined where there is none. */
async function follow(turn: Turn, names: readonly string[], rows: LogRow[]): Promise<Directory | undefined> {
  let dir: Directory = { id: rootId, path: '' };
  for (const name of names) {
    const path = join(dir.path, name);
    const there = await onShare(turn, path);
    await look(turn, dir, [{ name, there }], false, rows);
    if (there?.kind !== 'directory') return undefined;
    const now = await turn.view.childOnShare(dir.id, name);
    if (now === undefined) return undefined;
    dir = { id: now.id, path };
  }
  return dir;
}

/** Undefined where it cannot be told now what is there. */
async function seenOf(turn: Turn, dir: string, name: string): Promise<There | undefined> {
  try {
    return { name, there: await onShare(turn, join(dir, name)) };
  } catch (error) {
    if (error instanceof ShareRefusal) return undefined;
    throw error;
  }
}

/** Logs what the entries of a directory differ in, together. `last`: they were asked for themselves, not for what is below. */
async function look(turn: Turn, dir: Directory, seen: readonly There[], last: boolean, rows: LogRow[]): Promise<void> {
  let left = seen;
  // Twice, because a file in a directory's place is two changes: the one is gone, the other is there.
  for (let round = 0; round < 2; round++) {
    const changes: Change[] = [];
    const again: There[] = [];
    const taken = new Set<string>();
    for (const each of left) {
      const { name, there } = each;
      const known = await turn.view.childOnShare(dir.id, name);
      const exact = known !== undefined && name === shareNameOf(known);
      const spelled = there === undefined || exact ? name : await spelling(turn, dir.path, name);
      const path = join(dir.path, name);
      const change = await difference(turn, { parent: dir.id, path, name: spelled, known, there, last, taken });
      if (change === undefined) continue;
      changes.push(change);
      if ('put' in change) taken.add(change.put.name);
      if ('drop' in change && there !== undefined) again.push(each);
    }
    if (changes.length > 0) rows.push(...(await log(turn, changes)));
    if (again.length === 0) return;
    left = again;
  }
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

async function log(turn: Turn, found: Change[]): Promise<readonly LogRow[]> {
  const { cloud, view } = turn;
  const row = { v: 1 as const, at: cloud.clock.now(), attempts: 0, operations: [], found };
  const { massWindowMs: windowMs } = cloud.settings;
  const at = { table: cloud.table, view, clock: cloud.clock, windowMs, newTxnId: () => newTxnId(cloud) };
  return finish(at, { key: undefined, row }, []);
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
