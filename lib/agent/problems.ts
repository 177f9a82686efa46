// A problem of one path: recorded, shown, and gone when its cause is gone. Others go on.

export interface Problem {
  readonly path: string;
  /** A stable word: `not_synced_kind`, `name_too_long`, `disk_full`, `no_permission` ... */
  readonly code: string;
  /** What happened and what to do. */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** By subject (a node id, or a path the scan could not take), so that one subject has at most one problem. */
export class Problems {
  readonly #bySubject = new Map<string, Problem>();

  set(subject: string, problem: Problem): void {
    const known = this.#bySubject.get(subject);
    const since = known !== undefined && known.code === problem.code ? known.since : problem.since;
    this.#bySubject.set(subject, { ...problem, since });
  }

  clear(subject: string): void {
    this.#bySubject.delete(subject);
  }

  /** Clears those of these codes that were not seen again. */
  clearExcept(codes: ReadonlySet<string>, seen: ReadonlySet<string>): void {
    for (const [subject, { code }] of this.#bySubject)
      if (codes.has(code) && !seen.has(subject)) this.#bySubject.delete(subject);
  }

  all(): readonly Problem[] {
    return [...this.#bySubject.values()];
  }
}
