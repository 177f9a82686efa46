// The brakes: when something looks so much like a disaster that a person has to look before it goes on. Pure: counts come in,
// a decision comes out. What is counted, and what holding still means, is said where each is used.

/** A mass change is at least `files` old files and at least `percent` of what the site has, within `windowMs`. */
export interface MassLimits {
  /** 0: never. */
  readonly percent: number;
  readonly files: number;
  /** Milliseconds. A content that is younger is no old one, so that each file counts once within a window. */
  readonly windowMs: number;
}

/** What one endpoint has changed lately. */
export interface Changed {
  /** When a part of the window began (ms since 1970) and how many old files were changed in it; oldest first. */
  readonly parts: readonly (readonly [at: number, count: number])[];
  /** The most files that the endpoint said it has since the oldest part began: a delete makes them fewer. */
  readonly files: number;
}

export const nothingChanged: Changed = { parts: [], files: 0 };

/** So finely a window moves on. */
const partsOfWindow = 6;

/** `before` with `count` old files more, changed at `now` by an endpoint of `files` files. */
export function addChanges(
  before: Changed,
  { count, files }: { readonly count: number; readonly files: number },
  { windowMs }: Pick<MassLimits, 'windowMs'>,
  now: number,
): Changed {
  const width = windowMs / partsOfWindow;
  const recent = before.parts.filter(([at]) => at > now - windowMs);
  const known = recent.length === 0 ? 0 : before.files;
  const last = recent.at(-1);
  const parts =
    count === 0
      ? recent
      : last !== undefined && now < last[0] + width
        ? recent.with(-1, [last[0], last[1] + count])
        : [...recent, [now, count] as const];
  return { parts, files: parts.length === 0 ? 0 : Math.max(known, files) };
}

export function countOf({ parts }: Changed): number {
  return parts.reduce((sum, [, count]) => sum + count, 0);
}

/** Like ransomware, or a wrong `rm -rf`. */
export function isMassChange(changed: Changed, { percent, files }: MassLimits): boolean {
  return percent > 0 && isMost(countOf(changed), changed.files, { percent, files });
}

/** A content that was committed then, undefined where nobody noted it, is old. */
export function isOld(
  committedAt: number | undefined,
  { windowMs }: Pick<MassLimits, 'windowMs'>,
  now: number,
): boolean {
  return committedAt === undefined || now - committedAt >= windowMs;
}

/**
 * A namespace that was read anew and lacks so much of what this site had in common with it is not believed unseen: it may be
 * one that was restored, or read while it was broken. `lost` of `files` that were agreed are gone.
 */
export function isShrunk(lost: number, files: number): boolean {
  return isMost(lost, files, shrunk);
}

const shrunk = { percent: 25, files: 1000 };

function isMost(count: number, of: number, { percent, files }: { percent: number; files: number }): boolean {
  return count >= files && count * 100 >= percent * of;
}
