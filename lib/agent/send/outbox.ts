import { must } from '../../base/errors.ts';
import { maxBatch, maxBatchBytes, seal } from '../../protocol/message.ts';
import type { Operation } from '../../protocol/operation.ts';
import { Signal } from '../signal.ts';
import type { OutboxOptions } from './outbox-options.ts';
import { FileCount } from './file-count.ts';
import { meantBy, nodeOf, takenBack, type Flight } from './flight.ts';

const maxResendMs = 15 * 60_000;
/**
 * A first operation is sent at once. While the committer has something of ours to do and more is coming, a message waits
 * so long to be filled: each costs the committer about as much as fifty operations.
 */
const lingerMs = 25;
const lingerStepMs = 5;
const minResendMs = 200;
/**
 * Messages on their way without an outcome; behind them operations gather until one comes back or a message is full. A
 * single change goes out at once, a flood in full messages: each costs the committer the same, however little is in it.
 */
const maxMessages = 2;

/**
 * Operations get their number here, durably, and are sent in signed batches in order of number. Each is kept until the
 * log has its outcome; without progress everything open is sent again, because any message may have been lost.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #wake = new Signal();
  /** Open operations by number, in order of number. */
  readonly #flights = new Map<number, Flight>();
  /** Size of each as it travels: JSON within a string of JSON. */
  readonly #bytes = new Map<number, number>();
  /** The lowest number that was not sent since the start or the last rewind. */
  #next: number;
  /** The highest number that is on disk: a number that was sent must never be given again. */
  #durable: number;
  readonly #files: FileCount;
  /** The last number of each message that was sent and has not come to its end, in order. */
  #underWay: number[] = [];
  /** How often everything open was taken back. */
  #era = 0;
  #progressed: number;
  #asked = -Infinity;
  #wait: number;
  paused = false;
  readonly counters = { operations: 0, messages: 0, resends: 0 };

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#files = new FileCount(options);
    this.#wait = options.resendMs;
    this.#progressed = options.clock.monotonic();
    this.#next = options.state.meta.values.nextN;
    this.#durable = this.#next - 1;
    for (const flight of options.state.outbox.all()) this.#opened(flight);
    this.#rewind(0);
  }

  /** How many operations have no final outcome yet. */
  get open(): number {
    return this.#flights.size;
  }

  flight(n: number): Flight | undefined {
    return this.#flights.get(n);
  }

  flights(): Iterable<Flight> {
    return this.#flights.values();
  }

  /**
   * Numbers and keeps what `build` makes, durably; sends it soon. `build` runs inside the transaction, in the order of
   * the calls; when it answers undefined (what it was about has changed meanwhile) no number is used.
   */
  async append(build: () => Operation | undefined): Promise<Operation | undefined> {
    const { state } = this.#options;
    const flight = state.now(() => {
      const operation = build();
      if (operation === undefined) return undefined;
      const n = state.meta.values.nextN;
      const made: Flight = { n, operation, parked: null };
      state.outbox.put(made);
      state.meta.set({ nextN: n + 1 });
      // At once, not after the commit: the next one in this transaction may ask.
      this.#opened(made);
      return made;
    });
    if (flight === undefined) return undefined;
    await state.writes.durable();
    this.#durable = Math.max(this.#durable, flight.n);
    this.counters.operations++;
    this.#wake.set();
    return flight.operation;
  }

  /** Inside the caller's transaction: the operation has its final outcome, or none is awaited. Its node is planned again. */
  close(n: number): void {
    const flight = this.#flights.get(n);
    if (flight === undefined) return;
    const { state } = this.#options;
    state.outbox.drop(n);
    this.#flights.delete(n);
    this.#bytes.delete(n);
    const node = nodeOf(flight);
    state.claims.drop(meantBy(flight));
    if (node !== undefined) {
      state.sent.delete(node);
      state.busy.delete(node);
      state.onChange(node);
    }
    this.#progress();
  }

  /** Inside the caller's transaction: the committer has it and will come back to it. */
  park(n: number, code: string): void {
    const flight = this.#flights.get(n);
    if (flight === undefined) return;
    this.#replace({ ...flight, parked: code });
    this.#progress();
  }

  /** Inside the caller's transaction: numbers begin anew, and what was open is planned again. */
  reset(): void {
    for (const n of this.#flights.keys()) this.close(n);
    this.#next = 1;
    this.#durable = 0;
  }

  /**
   * Inside the caller's transaction: what is open is not wanted any more, sent or not. Its nodes stay busy until it is known
   * what became of each, and are planned again then: a second operation on the same version would be a conflict with nobody.
   */
  takeBack(): void {
    for (const flight of this.#flights.values()) this.#replace(takenBack(flight));
    this.#era++;
    this.#rewind(0);
    this.#wake.set();
  }

  /** The committer lacks what comes from here on. */
  resend(incarnation: number, from: number): void {
    const { state, clock } = this.#options;
    if (incarnation !== state.meta.values.incarnation) return;
    // A committer that lacks what is long settled would ask for ever, as fast as messages go.
    if (clock.monotonic() - this.#asked < minResendMs) return;
    this.#asked = clock.monotonic();
    this.#rewind(from);
    this.#wake.set();
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const wake = (): void => this.#wake.set();
    signal.addEventListener('abort', wake, { once: true });
    try {
      await Promise.all([this.#send(), this.#repeat()]);
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  wake(): void {
    this.#wake.set();
  }

  async #send(): Promise<void> {
    const { signal, online, backend } = this.#options;
    while (!signal.aborted) {
      const batch = this.paused ? [] : await this.#gathered();
      if (batch.length === 0) {
        await this.#wake.wait();
        continue;
      }
      const envelope = this.#seal(batch);
      const last = must(batch.at(-1), 'a batch is not empty').n;
      const from = this.#next;
      this.#next = last + 1;
      this.#underWay.push(last);
      const era = this.#era;
      let isMeant = true;
      try {
        await online.call('send', async () => {
          // Cut off for long, it may have halted meanwhile, or taken back what this says.
          isMeant = !this.paused && era === this.#era;
          if (isMeant) await backend.send(envelope);
        });
      } catch (error) {
        this.#rewind(from);
        if (signal.aborted) return;
        throw error;
      }
      if (isMeant) this.counters.messages++;
      else this.#rewind(from);
    }
  }

  async #gathered(): Promise<readonly Flight[]> {
    const { clock, signal, more } = this.#options;
    let batch = this.#ready();
    for (let waited = 0; waited < lingerMs && batch.length > 0 && batch.length < maxBatch; waited += lingerStepMs) {
      if (!more() || !this.#awaited() || signal.aborted) break;
      await clock.sleep(lingerStepMs, signal).catch(() => {}); // ends by the signal only
      batch = this.#ready();
    }
    return this.paused || signal.aborted ? [] : batch;
  }

  /** What goes into the next message: a run without a gap, for the committer takes no other. */
  #ready(): readonly Flight[] {
    const batch: Flight[] = [];
    let bytes = 0;
    for (let n = this.#next; n <= this.#durable && batch.length < maxBatch; n++) {
      const flight = this.#flights.get(n);
      if (flight === undefined) {
        if (batch.length > 0) break;
        continue;
      }
      bytes += this.#bytes.get(n) ?? 0;
      if (batch.length > 0 && bytes > maxBatchBytes) return batch;
      batch.push(flight);
    }
    return batch.length < maxBatch && this.#messagesUnderWay() >= maxMessages ? [] : batch;
  }

  /** The committer takes the numbers in order: a message is through when its last one has an outcome, or is parked. */
  #messagesUnderWay(): number {
    this.#underWay = this.#underWay.filter((last) => this.#flights.get(last)?.parked === null);
    return this.#underWay.length;
  }

  #seal(batch: readonly Flight[]): ReturnType<typeof seal> {
    const { state, group, privateKey } = this.#options;
    const { endpoint, incarnation } = state.meta.values;
    const from = must(batch[0], 'a batch is not empty').n;
    const operations = batch.map((flight) => flight.operation);
    const content = { v: 1 as const, group, endpoint, incarnation, from, operations, files: this.#files.now() };
    return seal(content, endpoint, privateKey);
  }

  async #repeat(): Promise<void> {
    const { clock, signal, resendMs } = this.#options;
    for (;;) {
      await clock.sleep(resendMs / 4, signal).catch(() => {}); // ends by the signal only, which the next line asks
      if (signal.aborted) return;
      if (!this.#awaited() || clock.monotonic() - this.#progressed < this.#wait) continue;
      this.#rewind(0);
      this.#progressed = clock.monotonic();
      this.#wait = Math.min(this.#wait * 2, maxResendMs);
      this.counters.resends++;
      this.#wake.set();
    }
  }

  /** True if something was sent that the committer has not been heard about. */
  #awaited(): boolean {
    for (const flight of this.#flights.values()) if (flight.parked === null) return flight.n < this.#next;
    return false;
  }

  #rewind(from: number): void {
    this.#underWay = [];
    for (const flight of this.#flights.values())
      if (flight.parked === null && flight.n >= from) {
        this.#next = Math.min(this.#next, flight.n);
        return;
      }
  }

  #replace(flight: Flight): void {
    this.#options.state.outbox.put(flight);
    this.#flights.set(flight.n, flight);
  }

  #opened(flight: Flight): void {
    this.#flights.set(flight.n, flight);
    this.#bytes.set(flight.n, Buffer.byteLength(JSON.stringify(JSON.stringify(flight.operation))));
    const { state } = this.#options;
    const node = nodeOf(flight);
    if (node === undefined) return;
    state.claims.add(meantBy(flight));
    state.sent.add(node);
    state.busy.add(node);
  }

  #progress(): void {
    this.#progressed = this.#options.clock.monotonic();
    this.#wait = this.#options.resendMs;
    this.#wake.set();
  }
}
