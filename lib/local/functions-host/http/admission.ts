/** The limits of host.json: so many requests run, the rest wait in order, and beyond `outstanding` they are refused. */
export class Admission {
  readonly #concurrent: number;
  readonly #outstanding: number;
  readonly #waiting: (() => void)[] = [];
  #admitted = 0;
  #running = 0;

  constructor(limits: { readonly concurrent: number; readonly outstanding: number }) {
    this.#concurrent = limits.concurrent;
    this.#outstanding = limits.outstanding;
  }

  /** Resolves with the function to call when the request is done, or undefined when it is refused. */
  async enter(): Promise<(() => void) | undefined> {
    if (this.#admitted >= this.#outstanding) return undefined;
    this.#admitted++;
    if (this.#running < this.#concurrent) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      this.#admitted--;
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    };
  }
}
