import type { IncomingDelivery } from '../amqp/rhea.ts';
import type { Claim } from '../sas.ts';

/** One attached AMQP link, whatever it is for. */
export interface Link {
  /** What a token must grant for this link to stay: the lower-case path, and one of the claims. */
  readonly path: string;
  readonly claims: readonly Claim[];
  /** Links that the client sends on. */
  onMessage?(delivery: IncomingDelivery, bytes: Buffer, format: number): void;
  /** Links that the client receives on: credit, or a drain. */
  onFlow?(): void;
  /** The link is over; `abrupt` if the connection broke without a word. May be called twice. */
  onClose(abrupt: boolean): void;
}
