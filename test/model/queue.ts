// The queue `changes` as Service Bus keeps it: one session, in order, at least once. A receiver that dies, or loses its lock
// while it works on, leaves the message to the next one; what cannot be handled ten times goes to the dead letters.
import { Killed } from '../support/life.ts';
import type { Committer } from './cloud.ts';
import type { Run } from './run.ts';

interface Message {
  readonly id: number;
  readonly body: unknown;
  deliveries: number;
}

const maxDeliveries = 10;
const lockMs = 60_000;

export class Queue {
  readonly #run: Run;
  readonly #receiver: () => Committer;
  readonly #messages: Message[] = [];
  #ids = 0;
  #turn = 0;
  #busy = false;

  constructor(run: Run, receiver: () => Committer) {
    this.#run = run;
    this.#receiver = receiver;
  }

  get length(): number {
    return this.#messages.length;
  }

  /** A sender's message arrives; twice where its first answer got lost, or late. */
  send(body: unknown): void {
    this.#arrive(body);
    if (this.#run.trouble('doubledMessages')) this.#run.late(() => this.#arrive(body));
  }

  #arrive(body: unknown): void {
    this.#messages.push({ id: ++this.#ids, body, deliveries: 0 });
    this.#pump();
  }

  #pump(): void {
    const message = this.#messages[0];
    if (this.#busy || message === undefined) return;
    this.#busy = true;
    void this.#deliver(message, ++this.#turn);
  }

  async #deliver(message: Message, turn: number): Promise<void> {
    const { clock, trace, chance } = this.#run;
    const committer = this.#receiver();
    message.deliveries++;
    trace.add('queue', `message ${message.id} to ${committer.name}, delivery ${message.deliveries}`);
    void committer.life.frozen.then(() => this.#loseLock(turn, 1 + chance.below(lockMs)));
    if (this.#run.trouble('lostLocks')) this.#loseLock(turn, chance.below(500));
    try {
      await committer.commit(message.body, message.deliveries);
      trace.add(committer.name, `through with message ${message.id}`);
      this.#settle(message, turn, true);
    } catch (error) {
      trace.add(committer.name, `message ${message.id}: ${String(error)}`);
      if (!isExpected(error)) this.#run.break(`${committer.name} failed: ${String(error)}`);
      // A process that is gone cannot give the message back: its lock has to run out.
      if (error instanceof Killed) clock.after(chance.below(lockMs), () => this.#settle(message, turn, false));
      else this.#settle(message, turn, false);
    }
  }

  #loseLock(turn: number, ms: number): void {
    this.#run.clock.after(ms, () => {
      if (turn !== this.#turn || !this.#busy) return;
      this.#run.trace.add('queue', 'the lock is lost');
      this.#busy = false;
      this.#pump();
    });
  }

  #settle(message: Message, turn: number, done: boolean): void {
    if (turn !== this.#turn || !this.#busy) return; // another one holds the lock by now
    this.#busy = false;
    if (done || message.deliveries >= maxDeliveries) this.#messages.shift();
    if (!done && message.deliveries >= maxDeliveries) this.#run.trace.add('queue', `dead letter ${message.id}`);
    this.#pump();
  }
}

/** What a committer may end with on a bad day; everything else is a mistake of its own. */
function isExpected(error: unknown): boolean {
  const names = [
    'Killed',
    'TimedOut',
    'ServerBusy',
    'TableBusy',
    'ShareBusy',
    'HeadMoved',
    'TurnLost',
    'RowConflict',
    'ShareRefusal',
    'Busy',
  ];
  return error instanceof Error && names.includes(error.name);
}
