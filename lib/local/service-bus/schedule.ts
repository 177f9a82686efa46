import { Heap } from './heap.ts';

interface Entry {
  readonly seq: number;
  readonly entity: number;
  readonly at: number;
}

const slack = 1024;

/** Messages that are kept until their time, of all entities. */
export class Schedule {
  readonly #entries = new Map<number, Entry>();
  readonly #heap = new Heap<Entry>(({ at }) => at);

  add(seq: number, entity: number, at: number): void {
    const entry = { seq, entity, at };
    this.#entries.set(seq, entry);
    this.#heap.push(entry);
  }

  entityOf(seq: number): number | undefined {
    return this.#entries.get(seq)?.entity;
  }

  remove(seq: number): Entry | undefined {
    const entry = this.#entries.get(seq);
    this.#entries.delete(seq);
    if (this.#heap.size > 2 * this.#entries.size + slack) this.#heap.retain((each) => this.#isLive(each));
    return entry;
  }

  /** Removes and returns at most `limit` that are due. */
  take(now: number, limit: number): Entry[] {
    const due: Entry[] = [];
    for (let next = this.#first(); next !== undefined && due.length < limit; next = this.#first()) {
      if (next.at > now) break;
      this.#heap.pop();
      this.#entries.delete(next.seq);
      due.push(next);
    }
    return due;
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
