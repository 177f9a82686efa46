import type { NodeId } from '../core/node.ts';
import { settle } from '../core/settle.ts';
import type { LogRow } from '../protocol/log-row.ts';
import type { Operation } from '../protocol/operation.ts';
import type { State } from './state/state.ts';

/** What an own operation's final outcome means for the trees (the rules: core/settle.ts), written down. */
export class Outcomes {
  readonly #state: State;
  /** How often in a row a node's operations were rejected. */
  readonly #rejections = new Map<NodeId, number>();

  constructor(state: State) {
    this.#state = state;
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
        case 'dirty':
          this.#state.onChange(change.id);
          break;
        case 'held':
          this.#state.hold(change.id, change.code);
          break;
      }
    if (row.outcome === 'rejected') this.#rejections.set(node, rejections + 1);
    else this.#rejections.delete(node);
    this.#state.onChange(node);
  }
}
