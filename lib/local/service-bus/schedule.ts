import { Heap } from './heap.ts';

export interface Entry {
  /** Sent to be taken in at `at`, or taken in where it is to be passed on. */
  readonly kind: 'scheduled' | 'passing';
  readonly seq: number;
  readonly entity: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly size: number;
}

const slack = 1024;

/** Messages that are kept until their time, or on their way, of all entities. */
export class Schedule {
  readonly #entries = new Map<number, Entry>();
  readonly #heap = new Heap<Entry>(({ at }) => at);

  add(entry: Entry): void {
    this.#entries.set(entry.seq, entry);
    this.#heap.push(entry);
  }

  /** The entity that a scheduled message was sent to. */
  entityOf(seq: number): number | undefined {
    const entry = this.#entries.get(seq);
    return entry?.kind === 'scheduled' ? entry.entity : undefined;
  }

  remove(seq: number): Entry | undefined {
    const entry = this.#entries.get(seq);
    this.#entries.delete(seq);
    if (this.#heap.size > 2 * this.#entries.size + slack) this.#heap.retain((each) => this.#isLive(each));
    return entry;
  }

  /** Removes and returns at most `limit` that are due; those of one time in the order in which they came. */
  take(now: number, limit: number): Entry[] {
    const due: Entry[] = [];
    for (let next = this.#first(); next !== undefined && due.length < limit; next = this.#first()) {
      if (next.at > now) break;
      this.#heap.pop();
      this.#entries.delete(next.seq);
      due.push(next);
    }
    return due.toSorted((one, other) => one.at - other.at || one.seq - other.seq);
  }

  next(): number {
    return this.#first()?.at ?? Number.POSITIVE_INFINITY;
  }

  #first(): Entry | undefined {
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (this.#isLive(first)) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  #isLive(entry: Entry): boolean {
    return this.#entries.get(entry.seq) === entry;
  }
}
