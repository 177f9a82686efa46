import type { NodeId } from '../../core/node.ts';

/**
 * Which names the agent's own hand (or another scan) was at while a scan ran. A listing taken before a rename and looked
 * at after it would tell a lie about exactly these names, in the worst case a delete that nobody made; so a scan leaves
 * them out and looks again later.
 */
export class Touched {
  /** By parent and name: how many are at it now, and the tick when the last one ended. */
  readonly #names = new Map<string, { active: number; ended: number }>();
  readonly #scans = new Set<number>();
  #tick = 0;

  begin(parent: NodeId, name: string): void {
    const key = keyOf(parent, name);
    const known = this.#names.get(key);
    if (known === undefined) this.#names.set(key, { active: 1, ended: 0 });
    else known.active++;
  }

  /** Call when the local tree tells the new truth. */
  end(parent: NodeId, name: string): void {
    const key = keyOf(parent, name);
    const known = this.#names.get(key);
    if (known === undefined) return;
    known.active--;
    known.ended = ++this.#tick;
    if (this.#scans.size === 0 && known.active === 0) this.#names.delete(key);
  }

  /** Touched at this moment. */
  mark(parent: NodeId, name: string): void {
    this.begin(parent, name);
    this.end(parent, name);
  }

  /** A scan begins; pass the answer to `during` and `scanned`. */
  scan(): number {
    const began = ++this.#tick;
    this.#scans.add(began);
    return began;
  }

  /** True if the name was touched at any time since the scan began. */
  during(began: number, parent: NodeId, name: string): boolean {
    const known = this.#names.get(keyOf(parent, name));
    return known !== undefined && (known.active > 0 || known.ended > began);
  }

  scanned(began: number): void {
    this.#scans.delete(began);
    if (this.#scans.size > 0) return;
    for (const [key, known] of this.#names) if (known.active === 0) this.#names.delete(key);
  }
}

function keyOf(parent: NodeId, name: string): string {
  return `${parent}/${name}`;
}
