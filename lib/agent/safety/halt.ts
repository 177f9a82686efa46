import { TidewayError } from '../../base/errors.ts';

/** Everything stands still for safety until a person has looked. */
export interface Halt {
  /** `root_missing`, `root_emptied`, `root_replaced`, `root_foreign`, `clone`, `epoch_changed`, `failed`, `state_full`, `state_restored`, `namespace_shrunk`, and those of held.ts. */
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

export const stateRestored: Halt = {
  code: 'state_restored',
  message:
    'What this site remembers is older than what it has sent: its state was restored from a backup. Its folder may be older, ' +
    'too. Resume merges it with the share: nothing is deleted because it is missing here, and what was edited on both sides ' +
    'is kept twice.',
};

export function namespaceShrunk({ lost, of }: { readonly lost: number; readonly of: number }): Halt {
  return {
    code: 'namespace_shrunk',
    message:
      `The group was read anew, because this site was away for longer than its log reaches, and lacks ${lost} of the ${of} files ` +
      'that this site had in common with it. Nothing is deleted here. Look at the share; if they were meant to go, resume.',
  };
}
