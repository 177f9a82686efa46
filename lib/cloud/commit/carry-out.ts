// Step 3 of a commit: one planned operation on the share. The same code runs the first time and in recovery: every step
// looks before it believes, so "redo" and "was done" are told apart by what is there.
import { unreachable } from '../../base/errors.ts';
import type { Traits } from '../ports.ts';
import type { Change, Step, Undo } from './plan.ts';
import { unread } from './steps/foreign.ts';
import { dropSnapshot, takeSnapshot } from './steps/snapshot.ts';
import { makeDirectory, place, placeBlocks, sealDirectory, setAttributes } from './steps/arrive.ts';
import { evict } from './steps/evict.ts';
import { Busy, isSeal, look, sealName, type Facts, type Work } from './steps/work.ts';
import { undo, type Done } from './undo.ts';

interface Progress {
  /** By step: what the share said, and whether it was the content that the row speaks of. */
  readonly facts: Map<number, { readonly facts: Facts; readonly known: boolean }>;
  readonly gone: Set<number>;
  traits: Traits | undefined;
  snapshot: string | undefined;
}

export async function carryOut(work: Work): Promise<Done> {
  const { planned } = work;
  if (planned.undo !== undefined) return undo(work, planned.undo);
  const progress: Progress = { facts: new Map(), gone: new Set(), traits: undefined, snapshot: undefined };
  for (const [index, step] of planned.steps.entries()) {
    try {
      const code = await run(work, step, index, progress);
      if (code === undefined) continue;
      await sealRest(work, index);
      return turnBack(work, { from: index, end: 'rejected', code });
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      await sealRest(work, index);
      const from = (await isUnderWay(work, step)) ? index + 1 : index;
      return turnBack(work, { from, end: 'parked', code: error.code, path: error.path });
    }
  }
  const changes = planned.changes.flatMap((change) => settle(change, work, progress));
  const { snapshot } = progress;
  return { planned, end: 'as-planned', changes, found: work.found, examine: work.examine, snapshot };
}

/** A request of ours, or of a zombie, may still be under way: it must not find its name free when the operation is over. */
async function sealRest(work: Work, from: number): Promise<void> {
  for (const step of work.planned.steps.slice(from)) {
    if (step.do === 'evict') await sealName(work, step.hold, step.kind, { ended: true });
    if (step.do === 'mkdir') await sealDirectory(work, step.hold, true);
  }
}

/** Whether something was moved aside that has not reached its end. */
async function isUnderWay(work: Work, step: Step): Promise<boolean> {
  if (step.do !== 'evict') return false;
  const there = await look(work, step.hold);
  return there !== undefined && !isSeal(there);
}

/** It cannot go on. Where something has to be undone, that is written into the intent first: see `undo`. */
function turnBack(work: Work, back: Undo): Done {
  const { planned, found, examine } = work;
  const { end, code, path, from } = back;
  const toUndo = planned.steps.slice(0, from).some((step) => step.do !== 'attributes' && step.do !== 'blocks');
  const marked = toUndo ? { ...planned, undo: back } : planned;
  return { planned: marked, end, code, path, changes: [], found, examine };
}

/** Answers the code of a refusal, or undefined when the step is done. */
async function run(work: Work, step: Step, index: number, progress: Progress): Promise<string | undefined> {
  switch (step.do) {
    case 'evict': {
      const out = await evict(work, step);
      if (out.state === 'moved') progress.facts.set(index, { facts: out.facts, known: out.asKnown });
      if (out.state === 'moved' || out.state === 'trashed') progress.traits = out.traits;
      if (out.state === 'gone') progress.gone.add(index);
      if (out.state === 'back') {
        recordEdit(work, step.path, out.facts);
        return 'stale';
      }
      const isMove = isLastOfMove(work, index);
      return out.state === 'gone' && isMove ? 'absent_on_share' : undefined;
    }
    case 'place': {
      const landed = await place(work, step, progress.traits);
      if (landed.state === 'lost') return 'staged_lost';
      progress.facts.set(index, { facts: landed.facts, known: landed.state === 'landed' });
      return undefined;
    }
    case 'blocks':
      await placeBlocks(work, step);
      return undefined;
    case 'mkdir': {
      const landed = await makeDirectory(work, step);
      if (landed.state === 'lost') return 'staged_lost';
      progress.facts.set(index, { facts: landed.facts, known: true });
      return undefined;
    }
    case 'attributes': {
      const set = await setAttributes(work, step);
      if (set === undefined) return 'absent_on_share';
      progress.facts.set(index, set);
      return undefined;
    }
    case 'snapshot': {
      const taken = await takeSnapshot(work, step);
      if ('code' in taken) return taken.code;
      progress.snapshot = taken.id;
      return undefined;
    }
    case 'drop-snapshot':
      return dropSnapshot(work, step);
    default:
      return unreachable(step);
  }
}

/** An operation that is nothing but a move has failed when there was nothing to move. */
function isLastOfMove(work: Work, index: number): boolean {
  const { op } = work.planned;
  return (op === 'move' || op === 'undelete') && index === work.planned.steps.length - 1;
}

/** A delete met an edit made on the share: the node stays, with the content that is there. */
function recordEdit(work: Work, path: string, facts: Facts): void {
  const drop = work.planned.changes.find((change) => 'drop' in change);
  if (drop === undefined) return;
  if (drop.drop.kind === 'link') work.examine.push(path);
  else work.found.push({ put: unread(drop.drop, facts), place: 'same' });
}

/** The row with what the share answered; without the content's hash where somebody else has written it. */
function settle(change: Change, work: Work, progress: Progress): Change[] {
  const operation = work.planned;
  if (!('put' in change) || change.from === undefined) return [change];
  if (progress.gone.has(change.from)) {
    // What was to keep living under another name was deleted on the share, seen right now with no intent open on it.
    return change.place === 'moved' ? [{ drop: change.put, key: '' }] : [];
  }
  const step = progress.facts.get(change.from);
  if (step === undefined) return [change];
  const { facts, known } = step;
  const row = change.put;
  // Attributes were compared before they were set; what was only moved is compared now.
  const by = operation.steps[change.from];
  const stays = by?.do === 'evict' && row.fileId !== '';
  const foreign =
    row.kind !== 'directory' &&
    (!known || (stays && (facts.fileId !== row.fileId || facts.lastWrite !== row.lastWrite)));
  const { put: _put, ...rest } = change;
  // What a link has become is for whoever reads it to say: till then its row keeps facts that are not those of the share.
  if (foreign && row.kind === 'link' && by !== undefined && 'path' in by) {
    work.examine.push(by.do === 'evict' ? (by.to ?? by.path) : by.path);
    return [{ ...rest, put: row }];
  }
  if (foreign) return [{ ...rest, put: { ...unread(row, facts), seq: operation.seq, version: operation.seq } }];
  return [{ ...rest, put: { ...row, etag: facts.etag, fileId: facts.fileId, lastWrite: facts.lastWrite } }];
}
