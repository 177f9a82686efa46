// A live name is given up: to trash, to a conflict copy, or to another place (a move). From a live name a committer only
// ever renames to `hold`, which is unique to the operation and stays taken: whoever comes late meets 404 or 409 (I12).
import { ShareRefusal, type ShareProperties, type Traits } from '../../ports.ts';
import type { Expected, Step } from '../plan.ts';
import { keepForeign } from './foreign.ts';
import { keepMadeWay, land } from './land.ts';
import { Busy, clear, isEnded, isSeal, look, sealName, type Facts, type Work } from './work.ts';

export type Evicted =
  /** It is where it should be now; `asKnown` is false when it was edited on the share. */
  | { readonly state: 'moved'; readonly facts: Facts; readonly asKnown: boolean; readonly traits: Traits | undefined }
  /** In trash; the expected one, or a stranger that is kept as a copy by now. */
  | { readonly state: 'trashed'; readonly traits: Traits | undefined }
  /** Edited on the share, and back at its name: the operation is stale. */
  | { readonly state: 'back'; readonly facts: Facts }
  /** Nothing was there: somebody removed it on the share. */
  | { readonly state: 'gone' };

type EvictStep = Extract<Step, { do: 'evict' }>;

export async function evict(work: Work, step: EvictStep): Promise<Evicted> {
  const held = await moveOut(work, step);
  if (held === undefined) return alreadyThere(work, step);
  if (isEnded(held)) throw new Busy('Stopped', step.path);
  if (isSeal(held)) return finishedBefore(work, step);
  const asKnown = step.expect === undefined || isExpected(held, step.expect);
  const isOurs = (there: ShareProperties): boolean => there.fileId === held.fileId;
  if (step.to !== undefined) {
    const landed = await land(work, { from: step.hold, to: step.to, kind: step.kind, isOurs, hold: `${step.hold}-t` });
    if (landed.state === 'lost') return { state: 'gone' };
    await sealName(work, step.hold, step.kind);
    const facts = { size: held.size, ...landed.facts };
    return { state: 'moved', facts, asKnown: asKnown && landed.state === 'landed', traits: held.traits };
  }
  if (asKnown) return { state: 'trashed', traits: held.traits };
  if (step.foreign === 'copy') {
    await keepForeign(work, step.hold, step.path);
    return { state: 'trashed', traits: held.traits };
  }
  const landed = await land(work, { from: step.hold, to: step.path, kind: step.kind, isOurs, hold: `${step.hold}-t` });
  if (landed.state === 'lost') return { state: 'gone' };
  await sealName(work, step.hold, step.kind);
  return { state: 'back', facts: { size: held.size, ...landed.facts } };
}

async function moveOut(work: Work, step: EvictStep): Promise<ShareProperties | undefined> {
  const moved = await clear(work, step.path, () => work.share.rename(step.path, step.hold, step.kind));
  if (moved instanceof ShareRefusal && !['exists', 'absent', 'mismatch'].includes(moved.fault)) throw moved;
  return look(work, step.hold);
}

export function isExpected(there: ShareProperties, expect: Expected): boolean {
  return there.fileId === expect.fileId && there.size === expect.size && there.lastWrite === expect.lastWrite;
}

/**
 * Neither at its old name nor held: somebody removed it on the share, or an attempt before this one came down right before
 * the seal. The seal comes first: else a redo would take what is placed next for the one that was to leave.
 */
async function alreadyThere(work: Work, step: EvictStep): Promise<Evicted> {
  await sealName(work, step.hold, step.kind);
  // A request of ours that was still under way may have moved something in between the look and the seal: it is held, then.
  const held = await look(work, step.hold);
  if (held !== undefined && !isSeal(held)) return evict(work, step);
  return step.to === undefined ? { state: 'gone' } : atTarget(work, step, step.to);
}

/** Somebody has carried out the step already and sealed its name. */
async function finishedBefore(work: Work, step: EvictStep): Promise<Evicted> {
  if (step.to !== undefined) return atTarget(work, step, step.to);
  if (step.foreign === 'copy') await keepForeign(work, step.hold, step.path);
  else await keepLeft(work, step, step.path);
  const there = await look(work, step.path);
  if (step.foreign === 'back' && there?.kind === step.kind) return { state: 'back', facts: there };
  return { state: 'trashed', traits: undefined };
}

/** The target was free when this was decided: what is there now was moved there, by us or by somebody else. */
async function atTarget(work: Work, step: EvictStep, to: string): Promise<Evicted> {
  await keepLeft(work, step, to);
  const there = await look(work, to);
  if (there?.kind !== step.kind) return { state: 'gone' };
  const asKnown = step.expect === undefined || isExpected(there, step.expect);
  return { state: 'moved', facts: there, asKnown, traits: there.traits };
}

/**
 * RACE: an attempt before this one moved a stranger out of the way and came down, and a zombie that found the name free then
 * landed there. Nothing else would look at what made way: it would be left in trash.
 */
async function keepLeft(work: Work, step: EvictStep, to: string): Promise<void> {
  if (work.redo) await keepMadeWay(work, { to, hold: `${step.hold}-t` });
}
