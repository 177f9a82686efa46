/** A binary min-heap: the least by `key` first. Elements that lost their meaning are dropped by `retain`. */
export class Heap<T> {
  readonly #key: (element: T) => number;
  #elements: T[] = [];

  constructor(key: (element: T) => number) {
    this.#key = key;
  }

  get size(): number {
    return this.#elements.length;
  }

  peek(): T | undefined {
    return this.#elements[0];
  }

  push(element: T): void {
    this.#elements.push(element);
    this.#rise(this.#elements.length - 1);
  }

  pop(): T | undefined {
    const first = this.#elements[0];
    const last = this.#elements.pop();
    if (last !== undefined && this.#elements.length > 0) {
      this.#elements[0] = last;
      this.#sink(0);
    }
    return first;
  }

  retain(keep: (element: T) => boolean): void {
    this.#elements = this.#elements.filter(keep);
    for (let i = (this.#elements.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  #rise(start: number): void {
    for (let i = start; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#swapIfLess(i, parent)) return;
      i = parent;
    }
  }

  #sink(start: number): void {
    for (let i = start; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const smaller = right < this.#elements.length && this.#keyAt(right) < this.#keyAt(left) ? right : left;
      if (smaller >= this.#elements.length || !this.#swapIfLess(smaller, i)) return;
      i = smaller;
    }
  }

  #keyAt(i: number): number {
    return this.#key(this.#elements[i] as T);
  }

  #swapIfLess(i: number, j: number): boolean {
    if (this.#keyAt(i) >= this.#keyAt(j)) return false;
    const element = this.#elements[i] as T;
    this.#elements[i] = this.#elements[j] as T;
    this.#elements[j] = element;
    return true;
  }
}
