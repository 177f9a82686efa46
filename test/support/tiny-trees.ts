// Trees and plans as short strings, for tables.
//
// An entry: `parent/name` with, in this order, `/` for a directory, `=content` (`=?`: hash not known), `@version`, `!mode`
// (octal), `~mtime`, `*` for a file that a writer is still at.
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { MemoryTrees } from '../../lib/core/memory-trees.ts';
import type { Local, Plan, Remote, Synced } from '../../lib/core/trees.ts';

export type Specs = Readonly<Record<NodeId, string>>;

export interface TinyTrees {
  readonly local?: Specs;
  readonly synced?: Specs;
  readonly remote?: Specs;
  readonly flight?: readonly NodeId[];
  /** Names that operations in flight take, as `parent/name`. */
  readonly claimed?: Readonly<Record<string, NodeId>>;
  readonly held?: Readonly<Record<NodeId, string>>;
}

const pattern = /^([^/]+)\/([^/=@!~*]+)(\/)?(?:=([\w?]+))?(?:@(\d+))?(?:!([0-7]+))?(?:~(\d+))?(\*)?$/;

interface Parsed {
  readonly common: {
    readonly id: NodeId;
    readonly parent: NodeId;
    readonly name: string;
    readonly kind: 'file' | 'directory';
    readonly size: number;
    readonly mtime: string;
    readonly mode: number;
    readonly hash: string | null;
  };
  readonly version: number;
  readonly settled: boolean;
}

function parse(id: NodeId, spec: string): Parsed {
  const match = pattern.exec(spec);
  if (match === null) throw new Error(`not an entry: ${spec}`);
  const [, parent = '', name = '', slash, content = '0', version, mode, mtime, busy] = match;
  const file = slash === undefined;
  return {
    common: {
      id,
      parent,
      name,
      kind: file ? 'file' : 'directory',
      // Contents of one length, unless they say another.
      size: file && content !== '?' ? Number(/^\w*?x(\d+)$/.exec(content)?.[1] ?? 1) : file ? 1 : 0,
      mtime: mtime === undefined ? '1000000' : `${mtime}000000`,
      mode: mode === undefined ? 0o644 : Number.parseInt(mode, 8),
      hash: file && content !== '?' ? content : null,
    },
    version: version === undefined ? (file ? 1 : 0) : Number(version),
    settled: busy === undefined,
  };
}

export function localOf(id: NodeId, spec: string): Local {
  const { common, settled } = parse(id, spec);
  return { ...common, settled };
}

export function syncedOf(id: NodeId, spec: string): Synced {
  const { common, version } = parse(id, spec);
  return { ...common, version };
}

export function remoteOf(id: NodeId, spec: string): Remote {
  const { common, version } = parse(id, spec);
  return { ...common, version, seq: version, etag: '', fileId: '', lastWrite: '', author: 'paris' };
}

export function tinyTrees(tiny: TinyTrees): MemoryTrees {
  const trees = new MemoryTrees();
  for (const [id, spec] of Object.entries(tiny.local ?? {})) trees.locals.set(localOf(id, spec));
  for (const [id, spec] of Object.entries(tiny.synced ?? {})) trees.synceds.set(syncedOf(id, spec));
  for (const [id, spec] of Object.entries(tiny.remote ?? {})) trees.remotes.set(remoteOf(id, spec));
  for (const id of tiny.flight ?? []) trees.flights.add(id);
  for (const [place, id] of Object.entries(tiny.claimed ?? {})) trees.claims.set(place, id);
  for (const [id, code] of Object.entries(tiny.held ?? {})) trees.holds.set(id, code);
  return trees;
}

/** All ids of the three trees, sorted. */
export function allIds(trees: MemoryTrees): NodeId[] {
  const ids = new Set<NodeId>();
  for (const tree of [trees.locals, trees.synceds, trees.remotes]) for (const { id } of tree.all()) ids.add(id);
  return [...ids].filter((id) => id !== rootId).toSorted();
}

/** A plan as lines: `send create a`, `do fetch b`, `agree c = root/c`, `adopt x as y`, `hash a`, `later a`, `problem a code`. */
export function lines(plan: Plan): string[] {
  return [
    ...plan.agreed.map(({ id, synced }) =>
      synced === null ? `forget ${id}` : `agree ${id} = ${synced.parent}/${synced.name}@${synced.version}`,
    ),
    ...plan.adopted.map(({ from, to }) => `adopt ${from} as ${to}`),
    ...plan.proposals.map((proposal) =>
      proposal.kind === 'move'
        ? `send move ${proposal.node} to ${proposal.parent}/${proposal.name}`
        : `send ${proposal.kind} ${proposal.node}${'base' in proposal ? ` on ${proposal.base}` : ''}`,
    ),
    ...plan.actions.map((action) =>
      action.kind === 'move'
        ? `do move ${action.node} to ${action.parent}/${action.name}`
        : `do ${action.kind} ${action.node}`,
    ),
    ...plan.hash.map((id) => `hash ${id}`),
    ...plan.later.map((id) => `later ${id}`),
    ...plan.problems.map(({ node, code }) => `problem ${node} ${code}`),
  ];
}
