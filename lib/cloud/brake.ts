// The brake on mass changes. It is here, because the committer alone sees all that one endpoint changes, and what it does not
// take no other site applies. Nothing is lost by that: the agent keeps every operation until the log has its outcome, and
// sends them again when a person has looked.
import { addChanges, countOf, isMassChange, isOld, nothingChanged, type MassLimits } from '../core/brakes.ts';
import { inParallel } from '../base/pool.ts';
import type { Batch } from '../protocol/message.ts';
import { TidewayError } from '../base/errors.ts';
import type { BrakeRequest, Held } from '../protocol/brakes.ts';
import { newTxnId, type Cloud } from './group.ts';
import type { Turn } from './commit/intent.ts';
import type { Planned } from './commit/plan.ts';
import { RowConflict } from './ports.ts';
import { endpointKey, endpointRow, groupKey, groupRow, type EndpointRow, type GroupRow, type NodeRow } from './rows.ts';
import { transactHead } from './transact.ts';
import type { View } from './view.ts';

export function limitsOf({ settings }: Cloud, { brake }: Pick<GroupRow, 'brake'>): MassLimits {
  const { massPercent, massFiles, massWindowMs: windowMs } = settings;
  return { percent: brake?.percent ?? massPercent, files: brake?.files ?? massFiles, windowMs };
}

export type Weighed =
  | { readonly state: 'fine'; readonly chunk: readonly Planned[] }
  | { readonly state: 'mass_change'; readonly changed: number; readonly files: number };

/** The chunk with what it weighs, if it is not too much after all that was finished and `before`, which is under way. */
export async function weigh(
  turn: Turn,
  { endpoint: id, files: said = 0 }: Pick<Batch, 'endpoint' | 'files'>,
  chunk: readonly Planned[],
  before: readonly Planned[] = [],
): Promise<Weighed> {
  const { view, limits, cloud } = turn;
  const now = cloud.clock.now();
  const row = await view.row(endpointKey(id));
  const endpoint = row === undefined ? undefined : endpointRow.parse(row.value);
  if (limits.percent === 0 || (endpoint?.passUntil ?? 0) > now) return { state: 'fine', chunk };
  // Every file that is there was put there by a row of the log: who claims more files is not believed.
  const files = Math.min(said, view.head.row.committedSeq);
  const underWay = before.reduce((sum, { weight }) => sum + (weight?.count ?? 0), 0);
  let changed = addChanges(endpoint?.changed ?? nothingChanged, { count: underWay, files }, limits, now);
  const out: Planned[] = [];
  for (const planned of chunk) {
    const count = await weightOf(view, planned, limits, now);
    if (count > 0) changed = addChanges(changed, { count, files }, limits, now);
    out.push(count === 0 ? planned : { ...planned, weight: { count, files } });
  }
  if (!isMassChange(changed, limits)) return { state: 'fine', chunk: out };
  return { state: 'mass_change', changed: countOf(changed), files: changed.files };
}

/** How many old files are not any more what they were. New ones, moves and attributes leave all contents as they are. */
async function weightOf(view: View, planned: Planned, limits: MassLimits, now: number): Promise<number> {
  const { op, node, seq, changes, operation, n } = planned;
  if (n === 0 || node === undefined) return 0;
  for (const change of changes) {
    if ('drop' in change && op === 'rmdir')
      return countBelow(view, change.drop, operation?.kind === 'rmdir' ? operation.below : undefined, limits, now);
    if ('drop' in change && op === 'delete') return isOld(change.drop.at, limits, now) ? 1 : 0;
    if ('put' in change && op === 'edit' && change.put.id === node && change.put.version === seq) {
      const known = await view.find(node); // it was read to decide this
      return known.state === 'alive' && isOld(known.row.at, limits, now) ? 1 : 0;
    }
  }
  return 0;
}

const directoriesAtOnce = 16;

/**
 * Files below a directory that goes. What its sender says is enough while it is little; what might be a mass change is
 * counted here, up to where it is one: what was made and is thrown away within the hour is none.
 */
async function countBelow(
  view: View,
  directory: NodeRow,
  said: number | undefined,
  limits: MassLimits,
  now: number,
): Promise<number> {
  if (directory.at !== undefined && !isOld(directory.at, limits, now)) return 0;
  const few = Math.max(1, Math.floor(limits.files / 20));
  if (said !== undefined && said < few) return said;
  // Beyond what was said there is nothing to find; beyond what is a mass change by number and part, nothing to know.
  const enough = said ?? limits.files;
  let count = 0;
  for (let left = [directory.id]; left.length > 0 && count < enough;) {
    const some = left.splice(0, directoriesAtOnce);
    for (const rows of await inParallel(some, directoriesAtOnce, (id) => view.children(id)))
      for (const row of rows)
        if (row.kind === 'directory') left.push(row.id);
        else if (isOld(row.at, limits, now)) count++;
  }
  return count;
}

/** From now on nothing of the endpoint is taken: every reader of the head sees it, and the agent is told to look. */
export async function hold(
  turn: Turn,
  endpoint: EndpointRow,
  { changed, files }: Omit<Held, 'code' | 'at'>,
): Promise<void> {
  const { cloud, view } = turn;
  const { group } = view;
  const { committedSeq, intentSeq, held } = view.head.row;
  const now: Held = { code: 'mass_change', at: cloud.clock.now(), changed, files };
  const head = { committedSeq, intentSeq, txnId: newTxnId(cloud), held: { ...held, [endpoint.id]: now } };
  await transactHead(cloud.table, view, head, []);
  cloud.log.error('endpoint_held', { group, endpoint: endpoint.id, server: endpoint.server, ...now });
  await cloud.sites.send([{ to: endpoint.slot, hint: { kind: 'held', group } }]);
}

/** Sets what a group takes for a mass change; answers what holds from now on. Rejects with `group_unknown`. */
export async function setLimits(cloud: Cloud, group: string, wanted: BrakeRequest): Promise<MassLimits> {
  const row = await cloud.table.get(group, groupKey);
  if (row === undefined) throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
  const known = groupRow.parse(row.value);
  const { percent, files } = limitsOf(cloud, known);
  const value = { ...known, brake: { percent: wanted.percent ?? percent, files: wanted.files ?? files } };
  try {
    await cloud.table.transact(group, [{ do: 'replace', key: groupKey, value, etag: row.etag }]);
  } catch (error) {
    if (error instanceof RowConflict) return setLimits(cloud, group, wanted); // another setting was set meanwhile
    throw error;
  }
  return limitsOf(cloud, value);
}
