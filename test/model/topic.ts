// The topic `sites`: hints, each of which may be lost, late or doubled (I14).
import type { Hint } from '../../lib/protocol/hint.ts';
import type { Run } from './run.ts';

interface Slot {
  listener: ((hint: Hint) => void) | undefined;
  readonly waiting: Hint[];
}

export class Topic {
  readonly #run: Run;
  readonly #slots = new Map<string, Slot>();

  constructor(run: Run) {
    this.#run = run;
  }

  send(to: string, hint: Hint): void {
    const { chance, trace } = this.#run;
    if (this.#run.trouble('lostHints')) {
      trace.add('topic', `hint to ${to} lost`);
      return;
    }
    for (let copies = this.#run.trouble('doubledHints') ? 2 : 1; copies > 0; copies--)
      this.#run.clock.after(this.#run.trouble('lateHints') ? chance.below(20_000) : 1 + chance.below(20), () =>
        this.#arrive(to, hint),
      );
  }

  listen(to: string, listener: (hint: Hint) => void): () => void {
    const slot = this.#slot(to);
    slot.listener = listener;
    for (const hint of slot.waiting.splice(0)) listener(hint);
    return () => {
      if (slot.listener === listener) slot.listener = undefined;
    };
  }

  #arrive(to: string, hint: Hint): void {
    const slot = this.#slot(to);
    this.#run.trace.add('topic', `hint to ${to}: ${brief(hint)}`);
    if (slot.listener === undefined) slot.waiting.push(hint);
    else slot.listener(hint);
  }

  #slot(to: string): Slot {
    const known = this.#slots.get(to);
    if (known !== undefined) return known;
    const slot: Slot = { listener: undefined, waiting: [] };
    this.#slots.set(to, slot);
    return slot;
  }
}

function brief(hint: Hint): string {
  if (hint.kind === 'held') return 'held';
  return hint.kind === 'committed' ? `rows ${hint.from}..${hint.to}` : `resend from ${hint.from}`;
}
