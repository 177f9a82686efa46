/** A limit of host.json: so many run, the rest wait in order, and beyond `outstanding` they are refused. */
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

  /** The function to call when what was let in is done, or undefined while there is no room: nothing waits. */
  tryEnter(): (() => void) | undefined {
    if (this.#admitted >= this.#outstanding || this.#running >= this.#concurrent) return undefined;
    this.#admitted++;
    this.#running++;
    return this.#leave;
  }

  /** Resolves with the function to call when it is done, or undefined when it is refused. */
  async enter(): Promise<(() => void) | undefined> {
    const leave = this.tryEnter();
    if (leave !== undefined || this.#admitted >= this.#outstanding) return leave;
    this.#admitted++;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#leave;
  }

  readonly #leave = (): void => {
    this.#admitted--;
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  };
}
