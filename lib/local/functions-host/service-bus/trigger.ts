import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { HostContext } from '../extension.ts';
import { type FunctionDefinition, textOption } from '../function-definition.ts';
import type { ServiceBusSettings } from '../host-json.ts';
import { within } from './patience.ts';
import { manyInput, manyMetadata, oneInput, oneMetadata } from './metadata.ts';
import type { Message, Receiver, Source } from './receiver.ts';
import type { Entity } from './source.ts';

/** Longer than a broker that is there ever takes. */
const settleMs = 5_000;

/** One Service Bus trigger: what its listener needs, whatever the way it takes messages. */
export class Trigger {
  readonly source: Source;
  readonly settings: ServiceBusSettings;
  readonly clock: Clock;
  readonly #definition: FunctionDefinition;
  readonly #host: Pick<HostContext, 'invoke' | 'log'>;
  readonly #autoComplete: boolean;

  constructor(
    definition: FunctionDefinition,
    source: Source,
    host: Pick<HostContext, 'invoke' | 'log' | 'clock' | 'hostSettings'>,
  ) {
    this.#definition = definition;
    this.#host = host;
    this.source = source;
    this.settings = host.hostSettings.serviceBus;
    this.clock = host.clock;
    const own = definition.trigger['autoCompleteMessages'];
    this.#autoComplete = typeof own === 'boolean' ? own : this.settings.autoCompleteMessages;
  }

  /** Runs the function for one message and settles it: complete, or abandon so that it is delivered again. Never rejects. */
  async processOne(receiver: Receiver, message: Message): Promise<void> {
    try {
      await this.#host.invoke(this.#definition, {
        input: oneInput(message, this.#dataType),
        metadata: oneMetadata(message),
        reason: reasonOf(message),
      });
    } catch {
      await this.#settle('abandon', receiver.abandonMessage(message));
      return;
    }
    if (this.#autoComplete) await this.#settle('complete', receiver.completeMessage(message));
  }

  /** The same for a batch, which has one outcome. Never rejects. */
  async processMany(receiver: Receiver, messages: readonly Message[]): Promise<void> {
    let done = true;
    try {
      const input = manyInput(messages, this.#dataType);
      const reason = `New ServiceBus message batch of ${messages.length} detected.`;
      await this.#host.invoke(this.#definition, { input, metadata: manyMetadata(messages), reason });
    } catch (error) {
      this.report(`A batch of ${messages.length} failed`, error);
      done = false;
    }
    if (done && !this.#autoComplete) return;
    await Promise.all(
      messages.map((message) =>
        done
          ? this.#settle('complete', receiver.completeMessage(message))
          : this.#settle('abandon', receiver.abandonMessage(message)),
      ),
    );
  }

  report(what: string, error: unknown): void {
    this.#host.log.write(
      `Host.Triggers.ServiceBus`,
      'warning',
      `${this.#definition.name}: ${what}: ${messageOf(error)}`,
    );
  }

  /** A lost lock or connection: the broker delivers the message again, which at-least-once allows. */
  async #settle(what: string, settled: Promise<void>): Promise<void> {
    await within(settleMs, settled).catch((error: unknown) =>
      this.report(`${what} failed; the message will come again`, error),
    );
  }

  get #dataType(): string | undefined {
    return this.#definition.trigger.dataType;
  }
}

function reasonOf(message: Message): string {
  return `(null); MessageId: ${String(message.messageId)}, SequenceNumber: ${message.sequenceNumber?.toString()}, DeliveryCount: ${(message.deliveryCount ?? 0) + 1}`;
}

/** Errors: an Error naming the missing option. */
export function entityOf({ trigger }: FunctionDefinition): Entity {
  if (trigger['topicName'] === undefined) return { path: textOption(trigger, 'queueName') };
  return { path: textOption(trigger, 'topicName'), subscription: textOption(trigger, 'subscriptionName') };
}
