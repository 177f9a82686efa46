import { ours } from '../../protocol/layout.ts';
import type { Look } from './found.ts';
import { Signal } from '../signal.ts';

/** Paths to be looked at, with what was told of each, until somebody takes them. */
export class Looks {
  readonly #wake = new Signal();
  #paths = new Map<string, Look>();

  get size(): number {
    return this.#paths.size;
  }

  /** False: nobody has to look. Nothing of the root itself is synced, and what is ours is nobody else's. */
  add(path: string, look: Look): boolean {
    if (path === '' || path === ours || isOwn(path)) return false;
    const known = this.#paths.get(path);
    this.#paths.set(path, {
      closed: known?.closed === true || look.closed,
      written: known?.written === true || look.written,
    });
    this.wake();
    return true;
  }

  take(): ReadonlyMap<string, Look> {
    const taken = this.#paths;
    this.#paths = new Map();
    return taken;
  }

  wake(): void {
    this.#wake.set();
  }

  /** Resolves when there may be something to take. */
  wait(): Promise<void> {
    return this.#wake.wait();
  }
}

export function isOwn(path: string): boolean {
  return path.startsWith(`${ours}/`);
}
