// The one way by which anything gets a live name: a rename that replaces nothing. What already has the name and is not
// ours was put there by somebody on the share: it makes way under a conflict name and is recorded (I3, I4).
import { ShareRefusal, type ShareKind, type ShareProperties, type Traits } from '../../ports.ts';
import { keepForeign } from './foreign.ts';
import { Busy, TurnLost, clear, isSeal, look, sealName, type Facts, type Work } from './work.ts';

export type Landed =
  /** Ours has the name. */
  | { readonly state: 'landed'; readonly facts: Facts }
  /** Ours had it, and somebody has replaced it since; `facts` are of what is there. */
  | { readonly state: 'edited'; readonly facts: Facts }
  /** Neither ours nor anything else is anywhere: it was taken away before it had the name. */
  | { readonly state: 'lost' };

export interface Landing {
  readonly from: string;
  readonly to: string;
  readonly kind: ShareKind;
  /** Tells ours at the target from somebody else's. */
  isOurs(there: ShareProperties): boolean;
  /** Of ours at the target: that nobody has written into it since. */
  isUnchanged?(there: ShareProperties): boolean;
  readonly traits?: Traits | undefined;
  /** A directory of that name is as good as ours. */
  readonly merge?: boolean | undefined;
  /** Unique name for what has to make way. */
  readonly hold: string;
}

const rounds = 8;

export async function land(work: Work, landing: Landing): Promise<Landed> {
  const { from, to, kind, traits } = landing;
  /** By directory on the way: the number of the next name for what has to make way there. */
  const next = work.redo ? await keepLeftAbove(work, landing) : new Map<string, number>();
  const first = work.redo ? await keepLeftBehind(work, landing) : 0;
  for (let round = first; round < first + rounds; round++) {
    const renamed = await clear(work, to, () => work.share.rename(from, to, kind, traits));
    if (!(renamed instanceof ShareRefusal)) return { state: 'landed', facts: renamed };
    if (renamed.fault !== 'exists' && renamed.fault !== 'absent' && renamed.fault !== 'mismatch') throw renamed;
    // Refused: either an attempt before this one was applied (a time-out, a crash, a zombie), or somebody is in the way.
    const there = await look(work, to);
    if (there !== undefined && landing.isOurs(there))
      return { state: landing.isUnchanged?.(there) === false ? 'edited' : 'landed', facts: there };
    if (there?.kind === 'directory' && landing.merge === true) return { state: 'landed', facts: there };
    const source = await clear(work, from, () => work.share.properties(from, kind));
    const waiting = source !== undefined && !(source instanceof ShareRefusal) && !isSeal(source);
    if (!waiting) return there === undefined ? { state: 'lost' } : { state: 'edited', facts: there };
    if (there === undefined) await makeParents(work, landing, next);
    else await displace(work, to, there, `${landing.hold}${round}`);
  }
  throw new Busy('TooManyForeignFiles', to);
}

/**
 * Somebody deleted a directory on the share, or put a file in its place, while something of ours was on its way in: the edit
 * wins (fault 17), and the file makes way.
 */
async function makeParents(work: Work, landing: Landing, next: Map<string, number>): Promise<void> {
  for (const { dir, hold } of above(landing))
    await makeParent(work, dir, () => {
      const round = next.get(dir) ?? 0;
      next.set(dir, round + 1);
      return `${hold}${round}`;
    });
}

/** The directories that lead to a landing, top down, each with the name that what has to make way there gets. */
function above({ to, hold }: Pick<Landing, 'to' | 'hold'>): readonly { readonly dir: string; readonly hold: string }[] {
  const names = to.split('/').slice(0, -1);
  return names.map((_, index) => ({ dir: names.slice(0, index + 1).join('/'), hold: `${hold}-${index + 1}-` }));
}

/** Also where the way is free by now: somebody may have made the directory again that an attempt had just cleared. */
async function keepLeftAbove(work: Work, landing: Pick<Landing, 'to' | 'hold'>): Promise<Map<string, number>> {
  const next = new Map<string, number>();
  for (const { dir, hold } of above(landing)) next.set(dir, await keepLeftBehind(work, { to: dir, hold }));
  return next;
}

async function makeParent(work: Work, dir: string, newHold: () => string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const made = await clear(work, dir, () => work.share.mkdir(dir, {}));
    if (!(made instanceof ShareRefusal)) return;
    if (made.fault !== 'exists') throw made;
    const there = await look(work, dir);
    if (there?.kind === 'directory') return;
    if (there !== undefined) await displace(work, dir, there, newHold());
  }
  throw new Busy('TooManyForeignFiles', dir);
}

/** A foreign entry leaves a live name: first to a name that stays taken, then to a conflict copy of author `Cloud`. */
async function displace(work: Work, path: string, there: ShareProperties, hold: string): Promise<void> {
  try {
    const moved = await clear(work, path, () => work.share.rename(path, hold, there.kind));
    if (moved instanceof ShareRefusal && moved.fault === 'mismatch') return; // another thing by now: the next round looks
    if (moved instanceof ShareRefusal && moved.fault !== 'exists' && moved.fault !== 'absent') throw moved;
  } catch (error) {
    if (error instanceof Busy) await sealName(work, hold, 'file');
    throw error;
  }
  const held = await look(work, hold);
  // Gone by itself. A request of ours may still be under way, and would take what gets the name next.
  if (held === undefined) return sealName(work, hold, 'file');
  // A name that only we use, once: somebody else is carrying this out.
  if (isSeal(held)) throw new TurnLost();
  await keepForeign(work, hold, path);
}

/** The same for a landing that somebody else has carried through: nothing else would look at what made way for it. */
export async function keepMadeWay(work: Work, landing: Pick<Landing, 'to' | 'hold'>): Promise<void> {
  await keepLeftAbove(work, landing);
  await keepLeftBehind(work, landing);
}

/**
 * An attempt before this one may have come down while it held a foreign entry, and with it the only trace of that; or it is
 * a zombie that is about to move aside what has the name: its next name is sealed. Answers the first that is ours.
 */
async function keepLeftBehind(work: Work, { to, hold }: Pick<Landing, 'to' | 'hold'>): Promise<number> {
  for (let round = 0; ; round++) {
    const name = `${hold}${round}`;
    if ((await look(work, name)) === undefined) {
      await sealName(work, name, 'file');
      return round + 1;
    }
    await keepForeign(work, name, to);
  }
}
