// The steps that bring something to a name: a staged file, a block list, a new directory, other attributes.
import { withAttributes } from '../../../protocol/attributes.ts';
import { meta, shareTime } from '../../../protocol/layout.ts';
import { ShareRefusal, type ShareProperties, type Traits } from '../../ports.ts';
import type { Step } from '../plan.ts';
import { isExpected } from './evict.ts';
import { land, type Landed } from './land.ts';
import { Busy, clear, isEnded, isSeal, look, sealName, type Facts, type Work } from './work.ts';

type Of<K extends Step['do']> = Extract<Step, { do: K }>;

/** The staged file is known by the `tw_op` it carries since it was made, also after somebody has written into it. */
export async function place(work: Work, step: Of<'place'>, traits: Traits | undefined): Promise<Landed> {
  return land(work, {
    from: step.from,
    to: step.path,
    kind: 'file',
    isOurs: (there) => there.metadata[meta.op] === step.tag,
    isUnchanged: (there) => isExpected(there, step.expect),
    traits,
    hold: step.hold,
  });
}

export async function placeBlocks(work: Work, step: Of<'blocks'>): Promise<void> {
  const moved = await clear(work, step.path, () => work.share.rename(step.from, step.path, 'file'));
  // exists, absent: an attempt before this one was applied; the name holds node and version, so nothing else can be there.
  if (moved instanceof ShareRefusal && moved.fault !== 'exists' && moved.fault !== 'absent') throw moved;
}

/** Made under a unique name first: a zombie that repeated a plain mkdir would bring a deleted directory back (I12). */
export async function makeDirectory(work: Work, step: Of<'mkdir'>): Promise<Landed> {
  const made = await clear(work, step.hold, () => work.share.mkdir(step.hold, step.metadata));
  if (made instanceof ShareRefusal && made.fault !== 'exists' && made.fault !== 'mismatch') throw made;
  const sealed = made instanceof ShareRefusal ? await look(work, step.hold) : undefined;
  if (sealed !== undefined && isEnded(sealed)) throw new Busy('Stopped', step.path);
  const landed = await land(work, {
    from: step.hold,
    to: step.path,
    kind: 'directory',
    isOurs: (there) => there.kind === 'directory' && there.metadata[meta.node] === step.metadata[meta.node],
    merge: true,
    hold: `${step.hold}-f`,
  });
  // Where a directory of somebody's was taken as ours, the one made for it is left over: nobody may use its name again.
  await sealDirectory(work, step.hold);
  return landed;
}

/** An empty directory that was made under a unique name, and may be made there again by a zombie, gives way to the seal. */
export async function sealDirectory(work: Work, hold: string, ended = false): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await clear(work, hold, () => work.share.remove(hold, 'directory'));
    await sealName(work, hold, 'directory', { ended });
    const there = await look(work, hold);
    if (there !== undefined && isSeal(there)) return;
  }
}

/**
 * Undefined when nothing is at the path; `known` is false when its content was written on the share: that one gets the mode,
 * and keeps its own time. Repeating it is harmless.
 */
export async function setAttributes(
  work: Work,
  step: Of<'attributes'>,
): Promise<{ readonly facts: Facts; readonly known: boolean } | undefined> {
  const there = await clear(work, step.path, () => work.share.properties(step.path, step.kind));
  if (there === undefined || there instanceof ShareRefusal) return undefined;
  const time = step.lastWrite === undefined ? undefined : shareTime(step.lastWrite);
  // An attempt before this one may have set the time already.
  const known =
    step.expect === undefined ||
    isExpected(there, step.expect) ||
    (time !== undefined && isExpected(there, { ...step.expect, lastWrite: time }));
  const metadata = withAttributes(there.metadata, step);
  const set = await clear(work, step.path, () => work.share.setMetadata(step.path, step.kind, metadata));
  if (set instanceof ShareRefusal) return undefined;
  // Whoever writes to it meanwhile moves its last-write, which tells until we set that ourselves: so it is asked right before.
  const read = (): Promise<ShareProperties | ShareRefusal | undefined> =>
    clear(work, step.path, () => work.share.properties(step.path, step.kind));
  const isStill = (now: ShareProperties, lastWrite: string): boolean =>
    known && (step.expect === undefined || isExpected(now, { ...step.expect, lastWrite }));
  const before = await read();
  if (before === undefined || before instanceof ShareRefusal) return undefined;
  // A zombie at the same operation may have set the time since the first look. Taken for a write of somebody it would be an edit,
  // and what was deleted or replaced at a site meanwhile would be back (I5).
  if (before.lastWrite === time && isStill(before, time)) return { facts: before, known: true };
  if (time === undefined || step.kind !== 'file' || !isStill(before, there.lastWrite))
    return { facts: before, known: isStill(before, there.lastWrite) };
  const timed = await clear(work, step.path, () => work.share.setLastWrite(step.path, time));
  if (timed instanceof ShareRefusal) return undefined;
  const after = await read();
  return after === undefined || after instanceof ShareRefusal
    ? undefined
    : { facts: after, known: isStill(after, time) };
}
