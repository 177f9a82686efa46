// Management requests with a body of any shape, by the part of the client library that its public calls are made of.
import type { ServiceBusClient } from '@azure/service-bus';

interface Management {
  readonly replyTo: string;
  initWithUniqueReplyTo(options: object): Promise<object>;
  _makeManagementRequest(request: object, logger: object, options: object): Promise<unknown>;
}

const silent = { verbose() {}, logError() {}, warning() {}, info() {}, error() {} };
const wait = { timeoutInMs: 20_000 };

/** `ok: `, or `code: text`; a time-out means that nobody answered. The client must not retry. */
export async function ask(client: ServiceBusClient, entity: string, operation: string, body: unknown): Promise<string> {
  const { _connectionContext: context } = client as unknown as {
    _connectionContext: { getManagementClient(entity: string): Management };
  };
  const management = context.getManagementClient(entity);
  await management.initWithUniqueReplyTo(wait);
  const request = {
    body,
    reply_to: management.replyTo,
    application_properties: { operation: `com.microsoft:${operation}` },
  };
  return management._makeManagementRequest(request, silent, wait).then(
    () => 'ok: ',
    (error: Error & { code?: string }) => `${error.code ?? error.name}: ${error.message}`,
  );
}

/** Whether nobody answered, or one who was not prepared for it. */
export function isUnprepared(answer: string): boolean {
  return /Timeout|InternalServer/.test(answer);
}
