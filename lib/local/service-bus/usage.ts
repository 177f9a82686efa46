import { quotaExceeded } from './amqp/error.ts';

/** The bytes that a queue (with its dead letters) or a topic (with all its subscriptions) holds, against its quota. */
export class Usage {
  readonly #address: string;
  readonly #limit: number;
  #bytes = 0;

  /** `limit` in bytes. */
  constructor(address: string, limit: number) {
    this.#address = address;
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#bytes >= this.#limit;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Throws `amqp:resource-limit-exceeded`. As in the cloud, the message that reaches the limit is still taken. */
  check(): void {
    if (!this.full) return;
    throw quotaExceeded(
      `The maximum entity size has been reached or exceeded for '${this.#address}' (${this.#bytes} of ${this.#limit} bytes).`,
    );
  }
}
