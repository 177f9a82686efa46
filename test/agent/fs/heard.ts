// Collects watch events, and waits for the one that is expected.
import type { StartWatch, Watch, WatchEvent } from '../../../lib/agent/fs/watch-port.ts';

export class Heard implements AsyncDisposable {
  readonly watch: Watch;
  readonly batches: (readonly WatchEvent[])[];
  readonly #waiting: Set<() => void>;

  private constructor(watch: Watch, batches: (readonly WatchEvent[])[], waiting: Set<() => void>) {
    this.watch = watch;
    this.batches = batches;
    this.#waiting = waiting;
  }

  static async by(start: StartWatch, ...dirs: readonly string[]): Promise<Heard> {
    const batches: (readonly WatchEvent[])[] = [];
    const waiting = new Set<() => void>();
    const watch = await start((events) => {
      batches.push(events);
      for (const wake of waiting) wake();
    });
    for (const dir of dirs) await watch.add(dir);
    return new Heard(watch, batches, waiting);
  }

  /** Something else may have changed what `when` looks for. */
  poke(): void {
    for (const wake of this.#waiting) wake();
  }

  get events(): readonly WatchEvent[] {
    return this.batches.flat();
  }

  /** All events so far as text, once the last of them is `until`. */
  async upTo(until: string): Promise<readonly string[]> {
    const found = await this.when((events) => {
      const texts = events.map(textOf);
      return texts.includes(until) ? texts.slice(0, texts.lastIndexOf(until) + 1) : undefined;
    }, until);
    this.batches.length = 0;
    return found;
  }

  async when<T>(look: (events: readonly WatchEvent[]) => T | undefined, what: string): Promise<T> {
    const deadline = AbortSignal.timeout(4000);
    for (;;) {
      const found = look(this.events);
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`never heard ${what}, only ${this.events.map(textOf).join(', ')}`));
        const wake = (): void => {
          deadline.removeEventListener('abort', late);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        if (deadline.aborted) late();
        else deadline.addEventListener('abort', late, { once: true });
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.watch.close();
  }
}

export function textOf(event: WatchEvent): string {
  switch (event.kind) {
    case 'moved':
      return `moved ${event.from} > ${event.to}`;
    case 'overflow':
    case 'gone':
      return event.kind;
    case 'changed':
    case 'written':
    case 'closed':
    case 'limit':
      return `${event.kind} ${event.path}`;
  }
}
