// Short names for contents, so that telling states apart does not take time by how long contents are.
import type { Event, Value } from './event.ts';

export class Names {
  readonly #names = new Map<string, string>();
  readonly #contents: string[] = [];

  shortened(event: Event): Event {
    const named = 'value' in event ? ({ ...event, value: this.#of(event.value) } as Event) : event;
    if (named.kind === 'rest') return { ...named, copies: named.copies.map((copy) => this.#name(copy)) };
    if (named.kind === 'remove') return { ...named, saw: this.#name(named.saw) };
    return named.kind === 'write' ? { ...named, saw: this.#of(named.saw) } : named;
  }

  /** With the contents in the place of their names. */
  told(state: string): string {
    return state.replaceAll(/"(\d+)"/g, (_all, at: string) => JSON.stringify(this.#contents[Number(at)]));
  }

  #of(value: Value): Value {
    return value === null ? null : this.#name(value);
  }

  #name(content: string): string {
    const known = this.#names.get(content);
    if (known !== undefined) return known;
    const name = String(this.#contents.length);
    this.#names.set(content, name);
    this.#contents.push(content);
    return name;
  }
}
