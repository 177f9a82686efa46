// What carrying out one planned operation has at hand, and how it deals with a share that is slow, busy or unclear.
import type { Clock } from '../../../base/clock.ts';
import { decodeName, encodeName } from '../../../protocol/layout.ts';
import { ShareRefusal, type Share, type ShareKind, type ShareProperties } from '../../ports.ts';
import type { Change, Planned } from '../plan.ts';
import type { View } from '../../view.ts';

export interface Facts {
  readonly etag: string;
  readonly fileId: string;
  readonly lastWrite: string;
  readonly size?: number | undefined;
}

export interface Work {
  readonly share: Share;
  readonly view: View;
  readonly clock: Clock;
  readonly planned: Planned;
  /** Somebody may have been here before: what was left half done is looked for. */
  readonly redo: boolean;
  /** Row keys that the chunk writes, and names in it: no copy of a foreign file may take one. */
  readonly taken: ReadonlySet<string>;
  /** Monotonic ms: a path that is still busy then is parked. */
  readonly busyUntil: number;
  /** Throws when this committer may have lost its turn: nothing may be sent to the share after that (I12). */
  assertTurn(): void;
  /** What was found on the way: rows of author `cloud`. */
  readonly found: Change[];
  /** Directories found on the way: what is below them is still to be looked at. */
  readonly examine: string[];
}

/** The path is open over SMB, or being deleted: tried again later, by itself (I15). */
export class Busy extends Error {
  readonly code: string;
  readonly path: string;
  constructor(code: string, path: string) {
    super(`${path}: ${code}`);
    this.name = 'Busy';
    this.code = code;
    this.path = path;
  }
}

/** A committer that was held up sends nothing more to the share: by then somebody else may have taken over (I12). */
export class TurnLost extends Error {
  constructor() {
    super('the turn may have passed to another committer');
    this.name = 'TurnLost';
  }
}

const unclearAttempts = 6;

/**
 * Calls the share until there is a clear answer: the value, or a refusal that is about the path (returned, not thrown).
 * `busy` is waited for. After any other error it is open whether the call was applied: `call` is made again, and its
 * refusal then means that somebody has to look.
 */
export async function clear<T>(work: Work, path: string, call: () => Promise<T>): Promise<T | ShareRefusal> {
  let unclear = 0;
  for (let wait = 100; ; wait = Math.min(wait * 2, 2000)) {
    work.assertTurn();
    try {
      return await call();
    } catch (error) {
      if (error instanceof ShareRefusal) {
        if (error.fault !== 'busy') return error;
        if (work.clock.monotonic() + wait > work.busyUntil) throw new Busy(error.code, path);
      } else if (++unclear >= unclearAttempts) throw error;
    }
    await work.clock.sleep(wait);
  }
}

/** What is at a path, a file or a directory; undefined when nothing is. */
export async function look(
  work: Work,
  path: string,
): Promise<(ShareProperties & { readonly kind: ShareKind }) | undefined> {
  for (const kind of ['file', 'directory'] as const) {
    const there = await clear(work, path, () => work.share.properties(path, kind));
    if (there instanceof ShareRefusal) {
      if (there.fault === 'mismatch') continue;
      throw there;
    }
    if (there !== undefined) return there;
  }
  return undefined;
}

const sealMark = 'tw_seal';
const copyMark = 'tw_copy';
const endMark = 'tw_end';

interface SealNote {
  /** Share name of the conflict copy that what was held has become. */
  readonly copy?: string;
  readonly ended?: boolean;
}

/**
 * A name that a zombie might still use as a target is kept taken for good, until trash is collected (I12). What takes it is
 * of the other kind than what was held there: else a zombie that goes on with its second rename would bring the seal itself
 * to a live name.
 */
export async function sealName(work: Work, hold: string, held: ShareKind, note: SealNote = {}): Promise<void> {
  const { copy, ended } = note;
  const metadata = {
    [sealMark]: '1',
    ...(copy === undefined ? {} : { [copyMark]: encodeName(copy) }),
    ...(ended === true ? { [endMark]: '1' } : {}),
  };
  const made = await clear(work, hold, () =>
    held === 'file' ? work.share.mkdir(hold, metadata) : work.share.create(hold, metadata),
  );
  if (made instanceof ShareRefusal && made.fault !== 'exists' && made.fault !== 'mismatch') throw made;
}

export function isSeal(there: ShareProperties): boolean {
  return there.metadata[sealMark] !== undefined;
}

/** The share name of the conflict copy that came from a sealed name. */
export function copyOf(there: ShareProperties): string | undefined {
  const text = there.metadata[copyMark];
  return text === undefined ? undefined : decodeName(text);
}

/** Sealed by an attempt that went no further: a redo must not take the step for done. */
export function isEnded(there: ShareProperties): boolean {
  return there.metadata[endMark] !== undefined;
}
