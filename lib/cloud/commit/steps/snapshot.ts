// Snapshots on the share. To take one is not idempotent there: whoever may have asked before looks for its name first.
import type { Step } from '../plan.ts';
import { ShareRefusal } from '../../ports.ts';
import { carries } from '../../snapshot-mark.ts';
import { Busy, clear, type Work } from './work.ts';

type Of<K extends Step['do']> = Extract<Step, { do: K }>;

/**
 * Its id, or the code of a refusal. RACE: a request that was given up may arrive later and take a second one of that name;
 * nobody ever hears of it, and it goes as one that no row knows.
 */
export async function takeSnapshot(
  work: Work,
  step: Of<'snapshot'>,
): Promise<{ readonly id: string } | { readonly code: string }> {
  let isFirst = !work.redo;
  const taken = await clear(work, '', async () => {
    const known = isFirst
      ? undefined
      : (await work.share.snapshots()).find((each) => carries(each.metadata, step.metadata));
    isFirst = false;
    return known?.id ?? (await work.share.takeSnapshot(step.metadata));
  });
  if (!(taken instanceof ShareRefusal)) return { id: taken };
  if (taken.fault === 'limit') return { code: 'snapshot_limit' };
  throw taken;
}

/** The code of a refusal, or undefined when it is gone. What others made is never deleted. */
export async function dropSnapshot(work: Work, step: Of<'drop-snapshot'>): Promise<string | undefined> {
  const all = await clear(work, '', () => work.share.snapshots());
  if (all instanceof ShareRefusal) throw all;
  const there = all.find((each) => each.id === step.id);
  if (there === undefined) return undefined;
  if (!carries(there.metadata, step.mark)) return 'snapshot_foreign';
  const gone = await clear(work, '', () => work.share.removeSnapshot(step.id));
  if (gone instanceof ShareRefusal) throw new Busy(gone.code, '');
  return undefined;
}
