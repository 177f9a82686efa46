// Who does the work of one endpoint, put together.
import type { AgentOptions } from './agent-options.ts';
import { Apply } from './apply/apply.ts';
import type { NodeId } from '../core/node.ts';
import { AttributeSetter } from './apply/attributes.ts';
import type { Settings } from './backend.ts';
import { defaultExcludes, excluder } from './scan/exclude.ts';
import { Disk } from './apply/disk.ts';
import { Flush } from './apply/flush.ts';
import type { Halt } from './safety/halt.ts';
import { Follower } from './follow/follow.ts';
import type { Online } from './online.ts';
import { nodeOf } from './send/flight.ts';
import { Outbox } from './send/outbox.ts';
import { Planner } from './plan/planner.ts';
import type { Problem, Problems } from './problems.ts';
import { Proposals } from './send/proposals.ts';
import { Removed } from './apply/removed.ts';
import { Replaced } from './apply/replaced.ts';
import type { Retry } from './retry.ts';
import { Scanner } from './scan/scan.ts';
import { Shown } from './apply/shown.ts';
import { Site } from './apply/site.ts';
import type { KnownConflict } from './state/notes.ts';
import type { State } from './state/state.ts';
import { Stuck } from './plan/stuck.ts';
import { Touched } from './scan/touched.ts';

/** A flush of the volume brings along all that others wrote to it: in a flood fewer of them are less work for everybody. */
const volumeCrowd = 8;
const volumeRestMs = 20;

export interface Parts {
  readonly scanner: Scanner;
  readonly outbox: Outbox;
  readonly follower: Follower;
  readonly proposals: Proposals;
  readonly apply: Apply;
  readonly planner: Planner;
  readonly replaced: Replaced;
  readonly removed: Removed;
  readonly flush: Flush;
  readonly disk: Disk;
  readonly retry: Retry;
  readonly stuck: Stuck;
}

export interface Shared {
  readonly options: AgentOptions;
  readonly settings: Settings;
  readonly state: State;
  readonly online: Online;
  readonly retry: Retry;
  readonly problems: Problems;
  readonly signal: AbortSignal;
  /** Rejects with `halted` when the root is not what it should be. */
  readonly guard: () => Promise<void>;
  /** The same, but only about the root: rejects while it is not what it should be, and not for other halts. */
  readonly verifyRoot: () => Promise<void>;
  /** Resolves when the root is what it should be, after a halt if need be. */
  readonly checkRoot: () => Promise<void>;
  readonly onProgress: () => void;
  readonly onFatal: (error: unknown) => void;
  readonly onEpochChanged: (epoch: string) => void;
  readonly onHeld: (halt: Halt | undefined) => void;
  readonly starting: () => boolean;
  readonly onShrunk: () => void;
  readonly onHead: () => void;
  readonly active: () => boolean;
}

export function assemble(shared: Shared): Parts {
  const { options, settings, state, problems, retry, onProgress } = shared;
  const { fs, clock } = options;
  const { group, resendMs, server } = settings;
  const excluded = excluder([...defaultExcludes, ...settings.exclude]);
  const look = (path: string): void => scanner.look(path);
  const now = (): number => clock.now();
  const shown = new Shown(fs, options.accounts);
  let toldOfLinks = false;
  const onHardLink = (path: string): void => {
    if (!toldOfLinks) options.log.info('hard_links', { path, message: 'Each name is a file of its own elsewhere.' });
    toldOfLinks = true;
  };
  const common = { ...options, ...shared, excluded, shown, look, now };

  const touched = new Touched();
  const scanner = new Scanner({ ...common, touched, onHardLink });
  const outbox = new Outbox({ ...common, group, resendMs, more: () => proposals.pending > 0 });
  const replaced = new Replaced({ ...common, server });
  const flush = new Flush(() => fs.sync(), { clock, crowd: volumeCrowd, atLeastMs: volumeRestMs });
  const disk = new Disk({ fs, flush, clock });
  const attributes = new AttributeSetter(common);
  const lookSoon = (path: string): void => scanner.lookSoon(path);
  const site = new Site({ fs, state, touched, replaced, attributes, look: lookSoon });
  const removed = new Removed({ ...common, replaced, server });
  const removal = { fs, state, touched, removed, attributes };
  const apply = new Apply({ ...common, site, removal, disk, readLog: () => follower.read() });
  const proposals = new Proposals({ ...common, outbox, disk });
  const planner = new Planner({
    ...common,
    disk,
    proposals,
    apply,
    retry,
    problems,
    seen: () => scanner.seen.until,
    unanswered: () => unansweredOf({ outbox }),
  });
  const isTroubled = (id: NodeId): boolean =>
    state.held(id) !== undefined || planner.turns.troubled.has(id) || retry.isProblem(id) || isParked(outbox, id);
  const stuck = new Stuck(state, planner, isTroubled);
  const onRows = (): void => {
    proposals.wake();
    onProgress();
  };
  const follower = new Follower({ ...common, outbox, onRows });
  return { scanner, outbox, follower, proposals, apply, planner, replaced, removed, flush, disk, retry, stuck };
}

/** Changes that are not where they are to be yet. Problems are not pending. */
export function pendingOf(parts: Parts): number {
  const { planner, proposals, apply, scanner, retry, stuck } = parts;
  const underWay =
    planner.pending +
    proposals.pending +
    apply.pending +
    unansweredOf(parts) +
    (scanner.pending ? 1 : 0) +
    retry.waiting;
  return underWay > 0 ? underWay : stuck.nodes().length;
}

export function conflictsOf(state: State): readonly (KnownConflict & { readonly path: string })[] {
  return state.conflicts.all().flatMap((conflict) => {
    const path = state.pathOf(conflict.node);
    return path === undefined ? [] : [{ ...conflict, path }];
  });
}

export function countersOf(parts: Parts): Readonly<Record<string, number>> {
  const { scanner, outbox, follower, proposals, apply, planner, flush, disk } = parts;
  const all = [scanner, outbox, follower, proposals, apply, planner, flush, disk];
  return Object.assign({}, ...all.map(({ counters }) => counters)) as Readonly<Record<string, number>>;
}

/** Operations on their way. One that is parked is a problem. */
export function unansweredOf({ outbox }: Pick<Parts, 'outbox'>): number {
  let count = 0;
  for (const { parked } of outbox.flights()) if (parked === null) count++;
  return count;
}

function isParked(outbox: Outbox, node: NodeId): boolean {
  for (const flight of outbox.flights()) if (flight.parked !== null && nodeOf(flight) === node) return true;
  return false;
}

export function parkedOf({ outbox }: Parts, state: State): readonly Problem[] {
  const out: Problem[] = [];
  for (const flight of outbox.flights()) {
    const { parked } = flight;
    const node = nodeOf(flight);
    if (parked !== null && node !== undefined) {
      const remote = state.remote(node);
      // What was deleted here has its path in the remote tree only.
      const path = state.pathOf(node) ?? (remote && state.pathIn(remote.parent, remote.name)) ?? node;
      out.push({ path, code: parked, message: 'The share refuses it for now; it is tried again by itself.', since: 0 });
    }
  }
  return out;
}
