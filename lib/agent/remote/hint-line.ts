import { hintReceiver } from '../../azure/site.ts';
import type { Access } from '../../protocol/api.ts';
import { hint, type Hint } from '../../protocol/hint.ts';

/** Listens on this server's slot, and goes on with new rights when the old ones near their end. */
export class HintLine {
  readonly #onHint: (hint: Hint) => void;
  readonly #onError: (error: unknown) => void;
  #connection = '';
  #receiver: { close(): Promise<void> } | undefined;

  constructor(onHint: (hint: Hint) => void, onError: (error: unknown) => void) {
    this.#onHint = onHint;
    this.#onError = onError;
  }

  async turnTo(hints: Access['hints']): Promise<void> {
    if (hints.connection === this.#connection) return;
    this.#connection = hints.connection;
    const old = this.#receiver;
    this.#receiver = hintReceiver(
      hints,
      (body) => {
        const parsed = hint.safeParse(body);
        if (parsed.success) this.#onHint(parsed.data);
      },
      this.#onError,
    );
    await old?.close();
  }

  async close(): Promise<void> {
    await this.#receiver?.close();
  }
}
