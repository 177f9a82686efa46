// How AMQP outcomes mean the ways of Service Bus ("AMQP 1.0 in Azure Service Bus protocol guide", message transfers).
import { acceptedOutcome, outcomeCodes, unwrapOutcome } from '../amqp/rhea.ts';
import type { Typed } from '../amqp/rhea.ts';
import type { Lock } from '../locks.ts';
import { changesOf } from '../modification.ts';
import type { Queue } from '../queue.ts';

export interface SettlementWay {
  readonly name: 'complete' | 'abandon' | 'defer' | 'dead-letter';
  /** The outcome that says: done. */
  readonly answer: unknown;
  settle(queue: Queue, lock: Lock): Promise<void>;
}

interface Outcome {
  readonly error?: { readonly condition?: string; readonly description?: string; readonly info?: unknown } | undefined;
  readonly undeliverable_here?: boolean | undefined;
  readonly message_annotations?: unknown;
}

/** A settled delivery without a state is one that the peer no longer cares for: it is given back. */
export function settlementOf(state: Typed | undefined): SettlementWay {
  if (state === undefined) return abandon(acceptedOutcome(), new Map());
  const outcome = unwrapOutcome(state) as Outcome;
  switch (Number(state.descriptor?.value)) {
    case outcomeCodes.accepted:
      return { name: 'complete', answer: state, settle: (queue, lock) => queue.complete(lock) };
    case outcomeCodes.rejected:
      return deadLetter(outcome.error);
    case outcomeCodes.modified: {
      const changes = changesOf(outcome.message_annotations);
      if (outcome.undeliverable_here !== true) return abandon(state, changes);
      return { name: 'defer', answer: state, settle: (queue, lock) => queue.defer(lock, changes) };
    }
    default:
      return abandon(state, new Map());
  }
}

function abandon(answer: unknown, changes: Map<string, unknown>): SettlementWay {
  return { name: 'abandon', answer, settle: (queue, lock) => queue.abandon(lock, changes) };
}

function deadLetter(error: Outcome['error']): SettlementWay {
  const changes = changesOf(error?.info);
  const why = {
    reason: textOf(changes.get('DeadLetterReason')) ?? error?.condition,
    description: textOf(changes.get('DeadLetterErrorDescription')) ?? error?.description,
  };
  changes.delete('DeadLetterReason');
  changes.delete('DeadLetterErrorDescription');
  // Not the state that came: the client takes the error in it for a failure, and tries again.
  const answer = acceptedOutcome();
  return { name: 'dead-letter', answer, settle: (queue, lock) => queue.deadLetter(lock, why, changes) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
