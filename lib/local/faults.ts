// What a cloud does on a bad day, on demand: tests plant faults, the embedded services ask before and after they act.
import { type Random, randomInt, systemRandom } from '../base/random.ts';

type When = 'before' | 'after';

/** What an edge of a service has to carry out for one exchange. */
export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  /**
   * The connection breaks before the request is applied, or after it was (the client cannot tell which). The edge calls
   * `struck` at the moment at which it breaks it.
   */
  | { readonly kind: 'drop'; readonly when: When; readonly struck?: (() => void) | undefined }
  | { readonly kind: 'status'; readonly status: number; readonly code: string; readonly when: When };

/** What may be planted: beside those above, what takes more than the edge that meets it. */
export type Plantable =
  | Fault
  /** The named process is killed at this point of the exchange, which then stays without an answer. */
  | { readonly kind: 'crash'; readonly process: string; readonly when: When }
  /** What the line tells of happens twice, at the same time. */
  | { readonly kind: 'duplicate' };

export interface Rule {
  /** A request is described by one line, for example `PUT /share/dir/file?comp=rename`. */
  readonly match: RegExp;
  readonly fault: Plantable;
  /** How often it strikes before it is used up; once unless told. */
  readonly times?: number | undefined;
  /** Of striking where it fits, in (0, 1]; always unless told. */
  readonly chance?: number | undefined;
}

interface Planted extends Rule {
  left: number;
}

export interface FaultsOptions {
  /** Kills a process by name, for the fault `crash`. */
  readonly crash?: ((process: string) => void) | undefined;
  readonly random?: Random | undefined;
}

/** The faults of one service. The first rule that fits a line strikes, and is used up after its times. */
export class Faults {
  readonly #crash: (process: string) => void;
  readonly #random: Random;
  #rules: Planted[] = [];
  /** How many exchanges met a fault. */
  struck = 0;

  constructor(options: FaultsOptions = {}) {
    this.#crash = options.crash ?? (() => {});
    this.#random = options.random ?? systemRandom;
  }

  add(match: RegExp, fault: Plantable, times = 1): void {
    this.plant({ match, fault, times });
  }

  plant(rule: Rule): void {
    this.#rules.push({ ...rule, left: rule.times ?? 1 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** What still waits for its line. */
  get planted(): readonly (Rule & { readonly left: number })[] {
    return this.#rules;
  }

  /** The fault of this exchange, if any. */
  take(line: string): Fault | undefined {
    if (this.#rules.length === 0) return undefined;
    const fault = this.#strike(line, (kind) => kind !== 'duplicate');
    if (fault?.kind !== 'crash') return fault as Fault | undefined;
    const { process, when } = fault;
    return { kind: 'drop', when, struck: () => this.#crash(process) };
  }

  /** Whether what this line tells of is to happen twice. */
  isTwice(line: string): boolean {
    return this.#rules.length > 0 && this.#strike(line, (kind) => kind === 'duplicate') !== undefined;
  }

  #strike(line: string, wanted: (kind: Plantable['kind']) => boolean): Plantable | undefined {
    const rule = this.#rules.find(
      (candidate) => wanted(candidate.fault.kind) && candidate.match.test(line) && this.#isChosen(candidate),
    );
    if (rule === undefined) return undefined;
    this.struck++;
    if (--rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.fault;
  }

  #isChosen({ chance = 1 }: Rule): boolean {
    return chance >= 1 || randomInt(this.#random, 1_000_000) < chance * 1_000_000;
  }
}
