import { TidewayError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { Halted, type Halt } from './halt.ts';
import { isHeld } from './held.ts';
import type { Sentinel } from './sentinel.ts';

/** Whether anything may be done: stands still while paused by a person, or halted for safety. */
export class Safety {
  readonly #sentinel: Sentinel;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #onChange: () => void;
  /** What the backend held goes on. */
  readonly #onLifted: () => void;
  #halt: Halt | undefined;
  #resumed = Promise.withResolvers<void>();
  /** Of the next look at a root that is not claimed yet. */
  #looked = Promise.withResolvers<void>();
  #waits = false;
  paused = false;

  constructor(options: {
    readonly sentinel: Sentinel;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly onChange: () => void;
    readonly onLifted: () => void;
  }) {
    this.#sentinel = options.sentinel;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#onChange = options.onChange;
    this.#onLifted = options.onLifted;
    const end = (): void => {
      this.#resumed.resolve();
      this.#looked.resolve();
    };
    this.#signal.addEventListener('abort', end, { once: true });
  }

  get halt(): Halt | undefined {
    return this.#halt;
  }

  get standsStill(): boolean {
    return this.paused || this.#halt !== undefined;
  }

  haltFor(halt: Halt): void {
    // Another cause may go away, and whoever resumes then would see it at work while its loops have ended.
    if (this.#halt !== undefined && isFinal(this.#halt)) return;
    if (this.#halt?.code !== halt.code) this.#log.error('halted', { ...halt });
    this.#halt = halt;
    this.#onChange();
  }

  /** What the backend holds back as of now. Other halts stay: what is wrong here is not better for it. */
  setHeld(halt: Halt | undefined): void {
    const held = isHeld(this.#halt);
    if (halt !== undefined && (held || this.#halt === undefined)) this.haltFor(halt);
    else if (halt === undefined && held) {
      this.#halt = undefined;
      this.#onChange();
      this.#onLifted();
    }
  }

  throwIfHalted(): void {
    if (this.#halt !== undefined) throw new Halted(this.#halt);
  }

  /** Before what cannot be taken back: rejects with `Halted` when the root is not what it should be. */
  async guard(): Promise<void> {
    this.throwIfHalted();
    await this.verifyRoot();
  }

  /** Rejects with `Halted`, and is halted from then on, when the root is not what it should be. */
  async verifyRoot(): Promise<void> {
    try {
      await this.#sentinel.check();
    } catch (error) {
      if (error instanceof Halted) this.haltFor(error.halt);
      throw error;
    }
  }

  /** Resolves when `check` does; each time it rejects with `Halted` a person has to resume first. */
  async until<T>(check: () => Promise<T>): Promise<T> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        return await check();
      } catch (error) {
        if (!(error instanceof Halted)) throw error;
        this.haltFor(error.halt);
      } finally {
        this.#looked.resolve();
        this.#looked = Promise.withResolvers();
      }
      this.#waits = true;
      await this.#resumed.promise;
      this.#waits = false;
    }
  }

  /**
   * Resolves when it is known whether that was enough: whoever asked may have to start the process anew. With `checked` false
   * where the root is not claimed yet: who claims it looks at it.
   */
  async resume(checked: boolean): Promise<void> {
    if (this.#halt !== undefined && isFinal(this.#halt)) return;
    this.paused = false;
    const held = isHeld(this.#halt);
    try {
      await this.#sentinel.restore().catch(() => {}); // what is wrong with the root the next line says
      if (checked) await this.#sentinel.check();
      this.#halt = undefined;
      const looked = this.#waits ? this.#looked.promise : undefined;
      this.#resumed.resolve();
      this.#resumed = Promise.withResolvers();
      await looked;
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
      this.#halt = error.halt;
    }
    this.#onChange();
    if (held && this.#halt === undefined) this.#onLifted();
  }

  /** What nobody foresaw: nothing is done any more, and a person is told. */
  fatal(error: unknown): void {
    if (this.#signal.aborted) return;
    if (error instanceof TidewayError && error.code === 'clone') {
      this.haltFor(clone);
      return;
    }
    if (error instanceof TidewayError && error.code === 'state_full') {
      this.haltFor(stateFull);
      return;
    }
    this.#log.error('failed', { error });
    this.haltFor({ code: 'failed', message: `The agent met what it cannot handle: ${messageOf(error)}. Restart it.` });
  }
}

export function isFinal({ code }: Halt): boolean {
  return final.has(code);
}

/** After these the work has ended for good: only a new start helps. */
const final: ReadonlySet<string> = new Set(['clone', 'failed', 'state_full']);

const stateFull: Halt = {
  code: 'state_full',
  message:
    'The disk that holds what this site remembers is full. Nothing is lost: free some space there, and it goes on by itself.',
};

const clone: Halt = {
  code: 'clone',
  message: 'Another copy of this endpoint is at work: stop it, or start with a new state.',
};
