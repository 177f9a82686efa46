export interface RenewedOptions<T> {
  readonly make: () => Promise<T>;
  readonly isFresh: (value: T) => boolean;
  /** Whether what went wrong with a value calls for another one. */
  readonly isSpent: (value: T, error: unknown) => boolean;
  /** Of a value that another one has replaced. */
  readonly drop: (value: T) => Promise<void>;
}

/**
 * One value that is made when it is first asked for and made anew when it is no longer fresh: once for all who ask
 * meanwhile. Who waits for a making that fails gets its error; the next one who asks makes it again.
 */
export class Renewed<T> {
  readonly #options: RenewedOptions<T>;
  readonly #dropping = new Set<Promise<void>>();
  #current: Promise<T> | undefined;

  constructor(options: RenewedOptions<T>) {
    this.#options = options;
  }

  async get(): Promise<T> {
    const known = this.#current;
    if (known !== undefined) {
      const value = await known;
      if (this.#options.isFresh(value)) return value;
      if (this.#current === known) this.#replace(value);
    }
    // What was made just now is taken as it is: were it never fresh, asking again would not help.
    return (this.#current ??= this.#make());
  }

  /** The outcome of `act` with the value; one that turns out to be spent is made anew for the next who asks. */
  async use<R>(act: (value: T) => Promise<R>): Promise<R> {
    const value = await this.get();
    try {
      return await act(value);
    } catch (error) {
      await this.blame(error, (current) => current === value);
      throw error;
    }
  }

  /** What went wrong with the value, where nobody waits for an outcome; `isSame` where it was one value that it went wrong with. */
  async blame(error: unknown, isSame: (current: T) => boolean = () => true): Promise<void> {
    const known = this.#current;
    if (known === undefined) return;
    const value = await known.then(
      (made) => ({ made }),
      () => undefined,
    );
    // Another one may have been made meanwhile, or be under way.
    if (value === undefined || this.#current !== known || !isSame(value.made)) return;
    if (this.#options.isSpent(value.made, error)) this.#replace(value.made);
  }

  #replace(old: T): void {
    this.#current = undefined;
    this.#drop(old);
  }

  #make(): Promise<T> {
    const made = this.#options.make();
    made.catch(() => {
      if (this.#current === made) this.#current = undefined;
    });
    return made;
  }

  #drop(value: T): void {
    const dropping = this.#options.drop(value).finally(() => this.#dropping.delete(dropping));
    this.#dropping.add(dropping);
    dropping.catch(() => {}); // told to `close`, or to nobody: it is not used any more
  }

  async close(): Promise<void> {
    const known = this.#current;
    this.#current = undefined;
    if (known !== undefined)
      await known.then(
        (value) => this.#options.drop(value),
        () => undefined,
      );
    await Promise.allSettled(this.#dropping);
  }
}
