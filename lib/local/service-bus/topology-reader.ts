import { TidewayError } from '../../base/errors.ts';
import { parseDuration } from './duration.ts';

const namePattern = /^[A-Za-z0-9$]([\w.~/-]*[A-Za-z0-9_])?$/;

/** Reads one object of a topology file, property by property, and complains about what nobody asked for. */
export class Reader {
  readonly #place: string;
  readonly #properties: Map<string, unknown>;

  constructor(json: unknown, place: string) {
    this.#place = place;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) fail(place, 'must be an object');
    this.#properties = new Map(Object.entries(json));
  }

  name(longest: number): string {
    const name = this.text('name', true) ?? '';
    if (name.length > longest || !namePattern.test(name)) this.refuse('name', `'${name}' is not a valid name`);
    return name;
  }

  text(property: string, required: boolean): string | undefined {
    const value = this.#take(property);
    if (value === undefined && !required) return undefined;
    if (typeof value !== 'string' || value === '') return this.refuse(property, 'must be text');
    return value;
  }

  flag(property: string): boolean {
    const value = this.#take(property) ?? false;
    return typeof value === 'boolean' ? value : this.refuse(property, 'must be true or false');
  }

  integer(property: string, least: number, most: number): number | undefined {
    const value = this.#take(property);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      return this.refuse(property, `must be a whole number from ${least} to ${most}`);
    return value;
  }

  /** Milliseconds; undefined where it is missing or endless. */
  duration(property: string): number | undefined {
    const value = this.text(property, false);
    if (value === undefined) return undefined;
    const ms = parseDuration(value) ?? this.refuse(property, `'${value}' is not an ISO 8601 duration of fixed length`);
    if (ms <= 0) this.refuse(property, 'must be longer than nothing');
    return Number.isFinite(ms) ? ms : undefined;
  }

  list(property: string): Reader[] {
    const value = this.#take(property) ?? [];
    if (!Array.isArray(value)) return this.refuse(property, 'must be a list');
    return value.map((entry: unknown, index) => new Reader(entry, `${this.#place}.${property}[${index}]`));
  }

  object(property: string): Reader | undefined {
    const value = this.#take(property);
    return value === undefined ? undefined : new Reader(value, `${this.#place}.${property}`);
  }

  /** Plain values by name. */
  values(property: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#take(property);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) return this.refuse(property, 'must be an object');
    return { ...value };
  }

  done(): void {
    const [unknown] = this.#properties.keys();
    if (unknown !== undefined) this.refuse(unknown, 'is not known here');
  }

  refuse(property: string, text: string): never {
    return fail(`${this.#place}.${property}`, text);
  }

  #take(property: string): unknown {
    const value = this.#properties.get(property);
    this.#properties.delete(property);
    return value;
  }
}

function fail(place: string, text: string): never {
  throw new TidewayError('topology_invalid', `${place} ${text}`, {
    path: place,
    hint: 'Correct the topology file.',
  });
}
