// Which operations of a message go into one intent: as many as one finishing transaction holds, and none that has read or
// writes a row, or touches a path above or below, of one before it: so each is decided as if they came one by one. Each is
// decided against what is committed; nothing is written here.
import { unreachable } from '../../base/errors.ts';
import { rootId } from '../../core/node.ts';
import { isAuthor, type AnyOperation } from '../../protocol/operation.ts';
import { Refused, Revive, nothing, type Asked, type Decision } from './decide/context.ts';
import { decideCreate, decideEdit } from './decide/content.ts';
import { decideAttributes } from './decide/attributes.ts';
import { isStale } from './decide/stale.ts';
import { decideDropSnapshot, decideSnapshot } from './decide/snapshot.ts';
import { decideDelete, decideMkdir, decideMove, decideRevive, decideRmdir } from './decide/tree.ts';
import type { Table } from '../ports.ts';
import { Paths } from './paths.ts';
import { rowCost, type Change, type Planned } from './plan.ts';
import { idKey, nameKey, nodeKey, type NodeRow } from '../rows.ts';
import type { StagedCheck } from './staged.ts';
import { shareNameOf, type View } from '../view.ts';

export interface Sender {
  readonly endpoint: string;
  readonly server: string;
  readonly incarnation: number;
}

export interface Numbered {
  readonly n: number;
  readonly operation: AnyOperation;
  readonly retry?: { readonly since: number; readonly attempts: number } | undefined;
}

export interface Deciding {
  readonly table: Table;
  readonly view: View;
  readonly sender: Sender;
  readonly now: number;
  readonly staged: StagedCheck;
  newId(): string;
  hasContent(node: NodeRow, hash: string, size: number): Promise<boolean>;
}

const budget = 97; // of 100 rows; head, intent and endpoint are the others
const maxOperations = 48;
/** Extended attributes and holes of one chunk, in characters: they are in its intent twice, and that row has 1 MiB. */
const maxLong = 64 * 1024;
/** So many rows of a directory are read at most to save the look-up of one name. */
const rowsForOne = 40;

/**
 * The next chunk: at least one operation, in order. `most` limits it to one where the committer came down before. With
 * `before`, the chunk whose intent is open: only what would be decided the same after it, which may be nothing.
 */
export async function nextChunk(
  at: Deciding,
  operations: readonly Numbered[],
  most = maxOperations,
  before: readonly Planned[] = [],
): Promise<readonly Planned[]> {
  if (most === 1) await foresee(at.view, operations.slice(0, 1));
  const chunk: Planned[] = [];
  const taken = new Set<string>();
  const ids = new Set<string>();
  const paths = new Paths();
  const take = (planned: Planned): void => {
    paths.add(planned.steps);
    for (const key of keysOf(planned.changes)) taken.add(key);
    for (const id of idsOf(planned)) ids.add(id);
  };
  for (const planned of before) take(planned);
  let rows = 0;
  let long = 0;
  const firstSeq = at.view.head.row.intentSeq + 1;
  for (const item of operations) {
    if (chunk.length >= most || namesAny(item.operation, ids)) break;
    at.view.reads.clear();
    const planned = await decide(at, item, firstSeq + chunk.length);
    const alone = isAlone(planned);
    const cost = rowCost(planned) + (planned.retry === undefined ? 0 : 1);
    const depends = [...at.view.reads, ...keysOf(planned.changes)].some((key) => taken.has(key));
    long += longOf(item.operation);
    const full = rows + cost > budget || long > maxLong;
    const first = chunk.length === 0 && before.length === 0;
    if (!first && (alone || depends || full || paths.meets(planned.steps))) break;
    chunk.push(planned);
    rows += cost;
    take(planned);
    if (alone) break;
  }
  return chunk;
}

/**
 * Reads side by side, and many names of one directory at once, what the decisions will ask for one by one: for all of a
 * message before its first chunk, so that the others find it read.
 */
export async function foresee(view: View, operations: readonly Numbered[]): Promise<void> {
  const fresh = new Set<string>();
  const known = new Set<string>();
  const names = new Map<string, string[]>();
  for (const { operation } of operations) {
    if (operation.kind === 'create' || operation.kind === 'mkdir') fresh.add(operation.node);
    else if ('node' in operation) known.add(operation.node);
    // A directory proposed in the same message has nothing to be read.
    if ('name' in operation && operation.kind !== 'edit' && !fresh.has(operation.parent))
      names.set(operation.parent, [...(names.get(operation.parent) ?? []), operation.name]);
  }
  const inDirectory = async (parent: string, wanted: readonly string[]): Promise<void> => {
    if (wanted.length > 3 && (await view.loadChildren(parent, wanted.length * rowsForOne))) return;
    await Promise.all(wanted.map((name) => view.childNamed(parent, name)));
  };
  await Promise.all([
    view.loadNew([...fresh].map((id) => idKey(id))),
    ...[...known].filter((id) => !fresh.has(id)).map((id) => view.find(id)),
    ...[...names.keys()].filter((parent) => parent !== rootId).map((parent) => view.find(parent)),
    ...[...names].map(([parent, wanted]) => inDirectory(parent, wanted)),
  ]);
}

async function decide(at: Deciding, item: Numbered, seq: number): Promise<Planned> {
  const { sender } = at;
  const { n, operation } = item;
  const base = { ...sender, n, seq, op: operation.kind as string, foreignId: at.newId(), tries: 0, operation };
  const about = 'node' in operation ? { node: operation.node } : {};
  const retry = item.retry === undefined ? {} : { retry: item.retry };
  try {
    const { wrong, expect } = await at.staged(operation);
    const refused = notAllowed(sender, operation) ?? foreignId(sender, operation) ?? wrong;
    if (refused !== undefined) throw new Refused(refused);
    const asked: Asked = { ...sender, ...at, n, seq, staged: expect };
    const decision = await decideOperation(at, asked, operation);
    return { ...base, ...about, ...retry, ...plain(decision) };
  } catch (error) {
    if (error instanceof Revive) return reviveFirst(at, { ...sender, ...at, n, seq, staged: undefined }, error.chain);
    if (!(error instanceof Refused)) throw error;
    const name = 'name' in operation ? operation.name : '';
    const refusal = { outcome: 'rejected' as const, code: error.code, steps: [], changes: [] };
    return { ...base, ...about, ...retry, ...refusal, name, parent: 'root' };
  }
}

/** A chain of directories is committed first, top down, each as an operation of its own with number 0. */
async function reviveFirst(at: Deciding, asked: Asked, chain: readonly NodeRow[]): Promise<Planned> {
  const top = chain[0];
  if (top === undefined) throw new Error('broken invariant: nothing to revive');
  const decision = await decideRevive({ ...asked, n: 0 }, top).catch(refusedDecision);
  const { endpoint, server, incarnation } = at.sender;
  const base = { endpoint, server, incarnation, n: 0, seq: asked.seq, op: 'revive', foreignId: at.newId(), tries: 0 };
  return { ...base, node: top.id, ...plain(decision) };
}

function refusedDecision(error: unknown): Decision {
  if (!(error instanceof Refused)) throw error;
  return { outcome: 'rejected', code: error.code, name: '', parent: 'root', steps: [], changes: [] };
}

function plain(
  decision: Decision,
): Pick<Planned, 'outcome' | 'name' | 'parent' | 'steps' | 'changes' | 'code' | 'became'> {
  const { outcome, name, parent, code, became } = decision;
  return {
    outcome,
    name,
    parent,
    steps: [...decision.steps],
    changes: [...decision.changes],
    ...(code === undefined ? {} : { code }),
    ...(became === undefined ? {} : { became }),
  };
}

/** No server may fill the share's room for snapshots, or take from what is kept (I26). */
function notAllowed(sender: Sender, { kind }: AnyOperation): string | undefined {
  const isOrder = kind === 'snapshot' || kind === 'drop-snapshot';
  return isOrder === isAuthor(sender.endpoint) ? undefined : 'not_allowed';
}

/** New ids carry their maker's name: nobody can take an id that another one might use. */
function foreignId(sender: Sender, operation: AnyOperation): string | undefined {
  if ('node' in operation && operation.node === rootId) return 'id_foreign'; // the root is nobody's to change
  if (operation.kind !== 'create' && operation.kind !== 'mkdir') return undefined;
  return operation.node.startsWith(`${sender.endpoint}-${sender.incarnation}-`) ? undefined : 'id_foreign';
}

async function decideOperation(at: Deciding, asked: Asked, operation: AnyOperation): Promise<Decision> {
  switch (operation.kind) {
    case 'create':
      return decideCreate(asked, operation);
    case 'edit':
      return decideEdit(asked, operation);
    case 'mkdir':
      return decideMkdir(asked, operation);
    case 'move':
      return decideMove(asked, operation);
    case 'delete':
      return decideDelete(asked, operation);
    case 'rmdir':
      return decideRmdir(asked, operation, (row) => isStale(at.table, at.view, row, operation.asOf));
    case 'attributes':
      return decideAttributes(asked, operation);
    case 'none':
      return nothing('', 'root');
    case 'snapshot':
      return decideSnapshot(asked, at.view.group);
    case 'drop-snapshot':
      return decideDropSnapshot(at.view.group, operation);
    default:
      return unreachable(operation);
  }
}

/** A directory that is moved, deleted or revived changes every path below, and a snapshot has all: nothing else goes with it. */
function isAlone(planned: Planned): boolean {
  return (
    planned.op === 'revive' ||
    planned.retry !== undefined ||
    planned.steps.some(
      (step) =>
        (step.do === 'evict' && step.kind === 'directory') || step.do === 'snapshot' || step.do === 'drop-snapshot',
    )
  );
}

function namesAny(operation: AnyOperation, ids: ReadonlySet<string>): boolean {
  return ('node' in operation && ids.has(operation.node)) || ('parent' in operation && ids.has(operation.parent));
}

function longOf(operation: AnyOperation): number {
  const xattrs = 'xattrs' in operation ? JSON.stringify(operation.xattrs ?? {}).length : 0;
  return xattrs + ('content' in operation ? JSON.stringify(operation.content.holes ?? []).length : 0);
}

function idsOf(planned: Planned): readonly string[] {
  const ids = planned.node === undefined ? [] : [planned.node];
  for (const change of planned.changes) {
    if ('put' in change) ids.push(change.put.id);
    else if ('drop' in change) ids.push(change.drop.id);
    else ids.push(change.alias, change.to);
  }
  return ids;
}

/** The keys of the rows that the changes write, and the names they give. */
export function keysOf(changes: readonly Change[]): readonly string[] {
  const keys: string[] = [];
  for (const change of changes) {
    if ('put' in change) {
      keys.push(nodeKey(change.put.parent, shareNameOf(change.put)), nameKey(change.put.parent, change.put.name));
      if (change.oldKey !== undefined) keys.push(change.oldKey);
      if (change.place !== 'same') keys.push(idKey(change.put.id));
    } else if ('drop' in change)
      keys.push(change.key, nameKey(change.drop.parent, change.drop.name), idKey(change.drop.id));
    else keys.push(idKey(change.alias));
  }
  return keys;
}
