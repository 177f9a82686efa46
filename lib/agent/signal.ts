/** Wakes one loop: any number of `set` before the loop looks again count as one. */
export class Signal {
  #set = false;
  #wake: (() => void) | undefined;

  set(): void {
    this.#set = true;
    this.#wake?.();
  }

  /** Resolves at once if `set` was called since the last `wait`. One waiter at a time. */
  async wait(): Promise<void> {
    if (!this.#set) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#set = false;
  }
}
