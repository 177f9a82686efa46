/** Work done since the start; messages of a batch count one by one. */
export interface Counters {
  /** Accepted from senders and durable, scheduled ones included. */
  messagesIn: number;
  /** Handed to a receiver, redeliveries included. */
  delivered: number;
  /** Completed, abandoned, deferred or dead-lettered by a receiver, or taken by receive-and-delete. */
  settled: number;
  /** Transactions on disk. */
  commits: number;
}
