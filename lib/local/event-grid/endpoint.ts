import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Fault, Faults } from '../faults.ts';
import { handshake, needsHandshake } from './handshake.ts';
import { notificationOf } from './notification.ts';
import type { Outcome } from './outcome.ts';
import { entityOf } from './destination.ts';
import type { Messages } from './messages.ts';
import type { Poster } from './poster.ts';
import type { Delivery, EventStore } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface EndpointOptions {
  readonly subscription: Subscription;
  readonly topicId: string;
  readonly store: EventStore;
  readonly poster: Poster;
  /** For a subscription that delivers to Service Bus. */
  readonly messages: Messages | undefined;
  readonly clock: Clock;
  readonly faults: Faults | undefined;
  /** The address that confirms a handshake when it is visited. */
  readonly validationUrl: (id: string) => string;
}

const answerMs = 30_000;

/** Where a subscription delivers to: asked once whether it wants to, then posted to. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #validationId = randomUUID();
  #valid: boolean;

  constructor(options: EndpointOptions) {
    this.#options = options;
    const { subscription, store } = options;
    this.#valid = !needsHandshake(subscription.endpoint) || store.isValidated(subscription.name, subscription.endpoint);
  }

  /** One request. Whatever goes wrong is its outcome. */
  async post(batch: readonly Delivery[]): Promise<Outcome> {
    const { subscription, clock, faults } = this.#options;
    try {
      const line = `DELIVER ${subscription.name} ${batch[0]?.type}`;
      const fault = faults?.take(line);
      if (fault?.kind === 'delay') await clock.sleep(fault.ms);
      const planted = fault === undefined || fault.kind === 'delay' ? undefined : { ...outcomeOf(fault), fault };
      if (planted?.fault.when === 'before') return struck(planted);
      if (!this.#valid && !(await this.#validate()))
        return { status: undefined, text: 'The endpoint did not validate.' };
      const [status] = await Promise.all([
        this.#notify(batch),
        ...(faults?.isTwice(line) === true ? [this.#notify(batch)] : []),
      ]);
      return planted === undefined ? { status, text: `HTTP ${status}` } : struck(planted);
    } catch (error) {
      return { status: undefined, text: messageOf(error) };
    }
  }

  /** The endpoint's owner has visited the address that the validation event named. False where it is another's. */
  async confirm(id: string): Promise<boolean> {
    if (id !== this.#validationId) return false;
    this.#valid = true;
    await this.#keep();
    return true;
  }

  /** The status of the answer. */
  async #notify(batch: readonly Delivery[]): Promise<number> {
    const { subscription, poster, messages } = this.#options;
    const notification = notificationOf(batch, subscription);
    const entity = entityOf(subscription.endpoint);
    if (entity !== undefined && messages !== undefined) return messages.send(entity, notification);
    const request = { method: 'POST', url: subscription.endpoint, ...notification, timeoutMs: answerMs } as const;
    return (await poster.send(request)).status;
  }

  async #validate(): Promise<boolean> {
    const { subscription, topicId, clock, poster } = this.#options;
    const validationUrl = this.#options.validationUrl(this.#validationId);
    const now = clock.now();
    const asked = await handshake({ subscription, topicId, validationUrl, now, poster, timeoutMs: answerMs });
    // Confirmed meanwhile by hand counts as well.
    this.#valid ||= asked;
    if (this.#valid) await this.#keep();
    return this.#valid;
  }

  #keep(): Promise<void> {
    const { subscription, store } = this.#options;
    return store.validated(subscription.name, subscription.endpoint);
  }
}

type Broken = Exclude<Fault, { kind: 'delay' }>;

function outcomeOf(fault: Broken): Outcome {
  return fault.kind === 'drop'
    ? { status: undefined, text: 'dropped by a fault' }
    : { status: fault.status, text: fault.code };
}

function struck({ fault, status, text }: Outcome & { readonly fault: Broken }): Outcome {
  if (fault.kind === 'drop') fault.struck?.();
  return { status, text };
}
