import { codeOf } from '../../base/errors.ts';
import type { Problems } from '../problems.ts';

/** Problems that only a scan reports, and a full scan therefore knows all of. */
const ownCodes: ReadonlySet<string> = new Set(['not_synced_kind', 'path_too_long', 'cannot_read', 'other_volume']);

/** What one scan leaves alone: each is a problem of its path, until a scan sees it otherwise. */
export class Untaken {
  readonly #problems: Problems;
  readonly #now: () => number;
  readonly #met = new Set<string>();

  constructor(problems: Problems, now: () => number) {
    this.#problems = problems;
    this.#now = now;
  }

  special(path: string): void {
    this.#set(path, 'not_synced_kind', 'A special file (socket, pipe or device) stays here.');
  }

  tooLong(path: string): void {
    this.#set(path, 'path_too_long', 'The path is too long for the other side: shorten it.');
  }

  /** What is below a mount is not what was here before: nothing is concluded from it. */
  otherVolume(path: string): void {
    this.#set(
      path,
      'other_volume',
      'Another volume is mounted here; it is not synced, and what it hides is left as it is.',
    );
  }

  /** Answers whether it is there, and is a problem. */
  refused(path: string, error: unknown): boolean {
    const code = codeOf(error);
    // Nothing is there any more, or the way there leads elsewhere by now.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') {
      if (path === '') throw error;
      return false;
    }
    if (code === '') throw error;
    this.#set(path, 'cannot_read', `It cannot be read (${code}); it is left as it is everywhere until it can be.`);
    return true;
  }

  /** It is taken, or not there any more. */
  taken(path: string): void {
    this.#problems.clear(path);
  }

  /** After a full scan: what it did not meet is a problem no more. */
  clearRest(): void {
    this.#problems.clearExcept(ownCodes, this.#met);
  }

  #set(path: string, code: string, message: string): void {
    this.#met.add(path);
    this.#problems.set(path, { path, code, message, since: this.#now() });
  }
}
