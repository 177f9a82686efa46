import type { Clock } from '../../../base/clock.ts';
import type { Fault, Faults } from '../../faults.ts';
import { AmqpError } from '../amqp/error.ts';
import type { AmqpConnection } from '../amqp/rhea.ts';

/** Where planted faults come into play. The line is `attach|send|receive|settle|manage|token` and what follows it. */
export class Gate {
  readonly #faults: Faults | undefined;
  readonly #clock: Clock;

  constructor(faults: Faults | undefined, clock: Clock) {
    this.#faults = faults;
    this.#clock = clock;
  }

  /** Runs `act` unless a fault says otherwise. A dropped connection does not stop the act: its answer goes nowhere. */
  async pass<T>(connection: AmqpConnection, line: () => string, act: () => T | Promise<T>): Promise<T> {
    const fault = this.#faults?.take(line());
    return fault === undefined ? act() : this.#spoil(fault, connection, act);
  }

  async #spoil<T>(fault: Fault, connection: AmqpConnection, act: () => T | Promise<T>): Promise<T> {
    switch (fault.kind) {
      case 'delay':
        await this.#clock.sleep(fault.ms);
        return act();
      case 'drop':
        if (fault.when === 'after') await act();
        fault.struck?.();
        // With an error, because rhea does not listen for the plain end of a socket that we destroy.
        connection.socket.destroy(new Error('planted fault'));
        throw new AmqpError('amqp:connection:forced', 'planted fault');
      case 'status':
        if (fault.when === 'after') await act();
        throw new AmqpError(fault.code, 'planted fault');
      default:
        return fault satisfies never;
    }
  }
}
