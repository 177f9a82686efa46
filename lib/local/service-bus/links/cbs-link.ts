// Claims-based security: a client puts a token for each audience it means to use, and each link is checked against them.
import { asAmqpError, statusOf, unauthorized } from '../amqp/error.ts';
import { textProperty, types } from '../amqp/rhea.ts';
import type { AmqpLink, DecodedMessage, IncomingDelivery } from '../amqp/rhea.ts';
import { grantOf } from '../bearer.ts';
import { pathOf, verifyToken } from '../sas.ts';
import type { Grant } from '../sas.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';
import { requestIn } from './request.ts';

const sasType = 'servicebus.windows.net:sastoken';
const bearerType = 'jwt';

export class CbsLink implements Link {
  readonly path = '';
  readonly claims = [];
  readonly #link: AmqpLink;
  readonly #connection: Connection;

  constructor(link: AmqpLink, connection: Connection) {
    this.#link = link;
    this.#connection = connection;
  }

  onMessage(delivery: IncomingDelivery, bytes: Buffer): void {
    const { gate, around } = this.#connection.namespace;
    const request = requestIn(bytes, delivery, this.#link, this.#connection);
    if (request === undefined) return;
    const audience = textProperty(request, 'name');
    gate
      .pass(
        this.#connection.amqp,
        () => `token ${audience}`,
        () => this.#put(audience, request),
      )
      .then(
        () => this.#answer(request, 202, 'Accepted'),
        (error: unknown) => {
          const { condition, message } = asAmqpError(error);
          this.#answer(request, statusOf(condition), message);
        },
      )
      .catch((error: unknown) => around.log.error('answer_failed', { error }));
  }

  onClose(): void {
    // Tokens belong to the connection, not to the link that brought them.
  }

  #put(audience: string, { application_properties: properties, body }: DecodedMessage): void {
    if (properties?.['operation'] !== 'put-token' || typeof body !== 'string')
      throw unauthorized('MalformedToken: Only tokens can be put.');
    this.#connection.grant(audience, this.#granted(properties['type'], body, pathOf(audience)));
  }

  #granted(type: unknown, token: string, path: string): Grant {
    const { keys, issuer, around } = this.#connection.namespace;
    const now = around.clock.now();
    if (type === sasType) return verifyToken(token, keys, now);
    if (type === bearerType && issuer !== undefined && this.#connection.isSecure)
      return grantOf(token, path, issuer, now);
    throw unauthorized('MalformedToken: A token of this type is not understood here.');
  }

  #answer(request: DecodedMessage, status: number, description: string): void {
    this.#connection.replies.get(this.#link.session)?.send({
      correlation_id: request.message_id,
      application_properties: { 'status-code': types.wrap_int(status), 'status-description': description },
    });
  }
}
