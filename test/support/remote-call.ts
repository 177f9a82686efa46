// One call over the network as a test sees it. A fake service passes every call of a client through its hooks, so that a test
// can kill, freeze, delay, refuse or lose the answer of each of them.

export type Service = 'table' | 'share' | 'events' | 'sites' | 'changes';

export interface Call {
  readonly service: Service;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Hooks {
  /**
   * Awaited before the call is applied; what it throws is the client's answer, and the call is not applied. `send` applies
   * it out of turn, as a request does that is still under way when its client has given up on it.
   */
  before?(call: Call, send: () => void): Promise<void>;
  /** Awaited after the call was applied or refused; what it throws takes the place of the answer. */
  after?(call: Call): Promise<void>;
}

/** A request that got no answer in time: whether it was applied is open. */
export class TimedOut extends Error {
  constructor() {
    super('OperationTimedOut');
    this.name = 'TimedOut';
  }
}

/** 503: the service is busy; the call was not applied. */
export class ServerBusy extends Error {
  constructor() {
    super('ServerBusy');
    this.name = 'ServerBusy';
  }
}

export async function through<T>(hooks: Hooks, call: Call, apply: () => T): Promise<T> {
  await hooks.before?.(call, () => {
    try {
      apply();
    } catch {
      // A late request has nobody who would hear that it was refused.
    }
  });
  let answer: { readonly value: T } | { readonly error: unknown };
  try {
    answer = { value: apply() };
  } catch (error) {
    answer = { error };
  }
  await hooks.after?.(call);
  if ('error' in answer) throw answer.error;
  return answer.value;
}
