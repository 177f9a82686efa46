interface Line {
  /** The last that needs the key alone. */
  alone: Promise<void>;
  /** Those since then that share it. */
  readonly shared: Set<Promise<void>>;
  users: number;
}

/** Runs work side by side, except where it meets earlier work at a key: in the order of the calls there, so no deadlock. */
export class Ordered {
  readonly #lines = new Map<string, Line>();

  /** A key of `alone` must not be in `shared` too. */
  async run(alone: ReadonlySet<string>, shared: ReadonlySet<string>, work: () => Promise<void>): Promise<void> {
    const before: Promise<void>[] = [];
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    for (const key of shared) {
      const line = this.#line(key);
      before.push(line.alone);
      line.shared.add(done);
    }
    for (const key of alone) {
      const line = this.#line(key);
      before.push(line.alone, ...line.shared);
      line.alone = done;
      line.shared.clear();
    }
    await Promise.all(before);
    try {
      await work();
    } finally {
      finish();
      for (const key of shared) this.#leave(key, done);
      for (const key of alone) this.#leave(key, done);
    }
  }

  #line(key: string): Line {
    let line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, (line = { alone: Promise.resolve(), shared: new Set(), users: 0 }));
    line.users++;
    return line;
  }

  #leave(key: string, done: Promise<void>): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    line.shared.delete(done);
    if (--line.users === 0) this.#lines.delete(key);
  }
}
