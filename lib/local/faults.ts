// What a cloud does on a bad day, on demand: tests plant faults, the embedded services ask before and after they act.

export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection breaks before the request is applied, or after it was (the client cannot tell which). */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  | { readonly kind: 'status'; readonly status: number; readonly code: string; readonly when: 'before' | 'after' };

interface Rule {
  readonly match: RegExp;
  readonly fault: Fault;
  left: number;
}

/** A request is described by one line, for example `PUT /share/dir/file?comp=rename`; the first rule that fits is used up. */
export class Faults {
  readonly #rules: Rule[] = [];

  add(match: RegExp, fault: Fault, times = 1): void {
    this.#rules.push({ match, fault, left: times });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  take(line: string): Fault | undefined {
    const rule = this.#rules.find((candidate) => candidate.left > 0 && candidate.match.test(line));
    if (rule === undefined) return undefined;
    rule.left--;
    return rule.fault;
  }
}
