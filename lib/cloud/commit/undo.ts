// The way back of an operation that cannot go on (I11). It moves live names, and whoever concludes that it cannot go on may be
// a zombie that looks at newer commits: so the conclusion is written into the intent, with the head, before anything is moved.
import { meta } from '../../protocol/layout.ts';
import type { Change, Planned, Step, Undo } from './plan.ts';
import { ShareRefusal } from '../ports.ts';
import { evict } from './steps/evict.ts';
import { keepForeign, unread } from './steps/foreign.ts';
import { Busy, clear, isSeal, look, sealName, type Facts, type Work } from './steps/work.ts';

/** What became of one operation on the share; the finish makes rows of it. */
export interface Done {
  readonly planned: Planned;
  readonly end: 'as-planned' | 'rejected' | 'parked';
  readonly code?: string | undefined;
  /** Path of the share that was busy. */
  readonly path?: string | undefined;
  readonly changes: readonly Change[];
  readonly found: readonly Change[];
  /** The snapshot that was taken, by the share's name for it. */
  readonly snapshot?: string | undefined;
  readonly examine: readonly string[];
}

/** What was brought in goes to trash, what was moved aside gets its name again; may be repeated. */
export async function undo(work: Work, back: Undo): Promise<Done> {
  const { planned } = work;
  for (const step of planned.steps.slice(0, back.from).toReversed()) {
    if (step.do === 'place' || step.do === 'mkdir') await takeBack(work, step);
    if (step.do === 'evict') await giveBack(work, step);
  }
  const { end, code, path } = back;
  return { planned, end, code, path, changes: [], found: work.found, examine: work.examine };
}

async function giveBack(work: Work, step: Extract<Step, { do: 'evict' }>): Promise<void> {
  const { kind, node, path, hold } = step;
  const aside = `${hold}-u`;
  const isHeld = async (name: string): Promise<boolean> => {
    const there = await look(work, name);
    return there !== undefined && !isSeal(there);
  };
  // On its way back already, not gone further than its hold, or at its new name.
  const from = step.to === undefined || (await isHeld(aside)) || (await isHeld(hold)) ? hold : step.to;
  try {
    const back = await evict(work, { do: 'evict', node, path: from, kind, hold: aside, to: path, foreign: 'copy' });
    if (back.state === 'moved') await recordReturn(work, node, back.facts);
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    // Its own name cannot be had: nothing may stay hidden in trash, so it comes back beside it.
    await keepForeign(work, aside, path);
  }
  await sealName(work, hold, kind);
}

/** Going away and coming back gave it another ETag, by which downloads know its version. */
async function recordReturn(work: Work, node: string, facts: Facts): Promise<void> {
  const found = await work.view.find(node);
  if (found.state !== 'alive' || found.row.kind === 'directory' || found.row.etag === facts.etag) return;
  const { row } = found;
  const same = facts.fileId === row.fileId && facts.lastWrite === row.lastWrite;
  if (!same && row.kind === 'link') {
    work.examine.push(await work.view.pathOf(node));
    return;
  }
  const put = same ? { ...row, etag: facts.etag } : unread(row, facts);
  work.found.push({ put, place: 'same' });
}

async function takeBack(work: Work, step: Extract<Step, { do: 'place' | 'mkdir' }>): Promise<void> {
  const there = await look(work, step.path);
  const ours =
    step.do === 'place'
      ? there?.metadata[meta.op] === step.tag
      : there?.kind === 'directory' && there.metadata[meta.node] === step.metadata[meta.node];
  if (there === undefined || !ours) return;
  const gone = await clear(work, step.path, () => work.share.rename(step.path, `${step.hold}-p`, there.kind));
  if (gone instanceof ShareRefusal && gone.fault !== 'absent' && gone.fault !== 'exists') throw gone;
}
