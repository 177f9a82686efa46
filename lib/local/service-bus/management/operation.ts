import { badArgument } from '../amqp/error.ts';
import type { Broker } from '../broker.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Claim } from '../sas.ts';

export interface Request {
  readonly broker: Broker;
  readonly around: Surroundings;
  /** The address of the entity whose management node was asked. */
  readonly entity: string;
  readonly args: Arguments;
}

export interface Answer {
  /** 200 unless told. */
  readonly status?: number | undefined;
  readonly body?: unknown;
}

/** Names and shapes of all operations: "AMQP 1.0 in Azure Service Bus: request-response based operations". */
export interface Operation {
  readonly claims: readonly Claim[];
  run(request: Request): Answer | Promise<Answer>;
}

const mostPerRequest = 10_000;

/** The map in the body of a request, read with care: it comes from outside. Throws argument errors. */
export class Arguments {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null) throw badArgument('The body of the request must be a map.');
    this.#values = new Map(Object.entries(body));
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (typeof value !== 'string') throw badArgument(`'${name}' must be text.`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#values.has(name) && this.#values.get(name) !== null ? this.text(name) : undefined;
  }

  integer(name: string): number {
    return numberOf(this.#values.get(name), name);
  }

  list(name: string): readonly unknown[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value) || value.length > mostPerRequest) throw badArgument(`'${name}' must be a list.`);
    return value;
  }

  integers(name: string): number[] {
    return this.list(name).map((value) => numberOf(value, name));
  }

  /** Lock tokens, as the keys of the lock table. */
  tokens(name: string): string[] {
    return this.list(name).map((value) => {
      if (!Buffer.isBuffer(value) || value.length !== 16) throw badArgument(`'${name}' must hold lock tokens.`);
      return value.toString('hex');
    });
  }
}

// rhea gives whole numbers beyond 2^53 as eight bytes. No sequence number is as large, so such a one is just not found.
function numberOf(value: unknown, name: string): number {
  // A long that is no exact number here is far beyond all that there is: SQLite refuses it as a limit, but not the largest.
  if (Buffer.isBuffer(value) && value.length === 8)
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(value.readBigInt64BE()), Number.MAX_SAFE_INTEGER));
  if (!Number.isSafeInteger(value) || typeof value !== 'number') throw badArgument(`'${name}' must be a whole number.`);
  return value;
}
