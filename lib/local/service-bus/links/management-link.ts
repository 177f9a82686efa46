import { asAmqpError, notImplemented, statusOf } from '../amqp/error.ts';
import { textProperty, types } from '../amqp/rhea.ts';
import type { AmqpLink, DecodedMessage, IncomingDelivery } from '../amqp/rhea.ts';
import { messageOperations } from '../management/messages.ts';
import { ruleOperations } from '../management/rules.ts';
import { scheduleOperations } from '../management/schedules.ts';
import { sessionOperations } from '../management/sessions.ts';
import type { Answer, Operation } from '../management/operation.ts';
import { Arguments } from '../management/operation.ts';
import { pathOf } from '../sas.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';
import { requestIn } from './request.ts';

const operations: Readonly<Record<string, Operation>> = {
  ...messageOperations,
  ...scheduleOperations,
  ...sessionOperations,
  ...ruleOperations,
};

const vendor = 'com.microsoft:';
/** A request may hold several messages. */
const largestRequest = 1024 * 1024;

/** Requests to `<entity>/$management`, answered on the client's reply link. */
export class ManagementLink implements Link {
  readonly claims = ['Listen', 'Send', 'Manage'] as const;
  readonly path: string;
  readonly #link: AmqpLink;
  readonly #connection: Connection;
  readonly #entity: string;

  constructor(link: AmqpLink, connection: Connection, entity: string) {
    this.path = pathOf(`${entity}/$management`);
    this.#link = link;
    this.#connection = connection;
    this.#entity = entity;
    connection.transfers(link).allow(link, largestRequest);
  }

  onMessage(delivery: IncomingDelivery, bytes: Buffer): void {
    const { gate, around } = this.#connection.namespace;
    const request = requestIn(bytes, delivery, this.#link, this.#connection);
    if (request === undefined) return;
    const name = textProperty(request, 'operation').replace(vendor, '');
    gate
      .pass(
        this.#connection.amqp,
        () => `manage ${name} ${this.#entity}`,
        () => this.#run(name, request),
      )
      .then(
        ({ body, status }) => this.#answer(request, status ?? 200, 'OK', undefined, body),
        (error: unknown) => {
          const { condition, message } = asAmqpError(error);
          this.#answer(request, statusOf(condition), message, condition, undefined);
        },
      )
      .catch((error: unknown) => around.log.error('answer_failed', { error }));
  }

  onClose(): void {
    // Requests that came in are carried out; their answers find no link then.
  }

  async #run(name: string, request: DecodedMessage): Promise<Answer> {
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined) throw notImplemented(`The operation '${name}' is not supported.`);
    this.#connection.authorize(this.path, operation.claims);
    const { broker, around } = this.#connection.namespace;
    return operation.run({ broker, around, entity: this.#entity, args: new Arguments(request.body) });
  }

  #answer(request: DecodedMessage, status: number, text: string, condition: string | undefined, body: unknown): void {
    const reply = this.#connection.replies.get(request.reply_to ?? '');
    reply?.send({
      correlation_id: request.message_id,
      application_properties: {
        statusCode: types.wrap_int(status),
        statusDescription: text,
        ...(condition === undefined ? {} : { errorCondition: types.wrap_symbol(condition) }),
      },
      body: body ?? null,
    });
  }
}
