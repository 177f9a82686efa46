/** What something scheduled comes to, once. Who waits is told at once and in order: replays must not depend on a queue. */
export class Outcome {
  #state: 'open' | 'succeeded' | 'failed' = 'open';
  #value: unknown;
  #waiting: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  get value(): unknown {
    return this.#value;
  }

  succeed(value?: unknown): void {
    this.#settle('succeeded', value);
  }

  fail(value?: unknown): void {
    this.#settle('failed', value);
  }

  when(tell: () => void): void {
    if (this.isOpen) this.#waiting.push(tell);
    else tell();
  }

  #settle(state: 'succeeded' | 'failed', value: unknown): void {
    if (!this.isOpen) return;
    this.#state = state;
    this.#value = value;
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

export function settled(): Outcome {
  const outcome = new Outcome();
  outcome.succeed();
  return outcome;
}

/** Once every one has come to something, good or bad: the extension waits for all, whatever the library does. */
export function whenAll(outcomes: readonly Outcome[]): Outcome {
  const all = new Outcome();
  let left = outcomes.length;
  for (const one of outcomes) one.when(() => --left === 0 && all.succeed());
  return all;
}

export function whenAny(outcomes: readonly Outcome[]): Outcome {
  const any = new Outcome();
  for (const one of outcomes) one.when(() => any.succeed());
  return any;
}
