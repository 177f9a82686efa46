import { TidewayError } from '../base/errors.ts';

/** Everything stands still for safety until a person has looked. */
export interface Halt {
  /** `root_missing`, `root_emptied`, `root_replaced`, `root_foreign`, `clone`, `epoch_changed`, `failed`, and those of held.ts. */
  readonly code: string;
  readonly message: string;
}

/** Thrown by what may not go on; the halt itself is in the agent's status. */
export class Halted extends TidewayError {
  readonly halt: Halt;

  constructor(halt: Halt) {
    super('halted', halt.message);
    this.halt = halt;
  }
}

export function epochChanged(epoch: string): Halt {
  return {
    code: 'epoch_changed',
    message: `The share is another one than before (${epoch}): it was restored or replaced. Resume merges both and deletes nothing.`,
  };
}
