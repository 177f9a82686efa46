import type { Clock } from '../../base/clock.ts';
import type { NodeId } from '../../core/node.ts';
import { isLasting, maxRejections, settle } from '../../core/settle.ts';
import type { LogRow } from '../../protocol/log-row.ts';
import type { Operation } from '../../protocol/operation.ts';
import type { State } from '../state/state.ts';

/** What an own operation's final outcome means for the trees (the rules: core/settle.ts), written down. */
export class Outcomes {
  readonly #state: State;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** How often in a row a node's operations were rejected. */
  readonly #rejections = new Map<NodeId, number>();

  constructor(options: { readonly state: State; readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#state = options.state;
    this.#clock = options.clock;
    this.#signal = options.signal;
  }

  /** Inside the transaction that moves the cursor over `row`; the row's effects are in the remote tree already. */
  take(operation: Operation, row: LogRow): void {
    if (operation.kind === 'none') return;
    const { node } = operation;
    const rejections = this.#rejections.get(node) ?? 0;
    for (const change of settle(this.#state, { sent: operation, rejections }, row) ?? [])
      switch (change.kind) {
        case 'synced':
          this.#state.setSynced(change.id, change.synced);
          break;
        case 'rekey':
          this.#state.rekeyLocal(change.from, change.to);
          break;
        case 'renew': {
          const id = this.#state.newId();
          this.#state.rekeyLocal(change.from, id);
          if (change.synced !== null) this.#state.setSynced(id, { ...change.synced, id });
          break;
        }
        case 'dirty':
          this.#state.onChange(change.id);
          break;
        case 'held':
          this.#state.hold(change.id, change.code);
          if (!isLasting(change.code)) void this.#releaseLater(change.id, change.code, rejections);
          break;
      }
    if (row.outcome === 'rejected') this.#rejections.set(node, rejections + 1);
    else this.#rejections.delete(node);
    this.#state.onChange(node);
  }

  /** What was in the way may go without a row that tells (an operation of others that was parked): so it is tried again. */
  async #releaseLater(id: NodeId, code: string, rejections: number): Promise<void> {
    const ms = Math.min(firstMs * 2 ** Math.max(rejections + 1 - maxRejections, 0), maxMs);
    await this.#clock.sleep(ms, this.#signal).catch(() => {}); // ends by the signal only
    if (!this.#signal.aborted) this.#state.release(id, code);
  }
}

const firstMs = 1000;
const maxMs = 5 * 60_000;
