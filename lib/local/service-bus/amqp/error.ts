// Refusals as AMQP tells them: a condition (a symbol that client libraries turn into their own error code) and a text.
// Conditions: AMQP 1.0 part 2.8.15 ff. and "AMQP errors in Azure Service Bus".

/** A refusal that belongs to the client: sent as a rejected outcome, a detach or a management status. */
export class AmqpError extends Error {
  readonly condition: string;

  constructor(condition: string, message: string) {
    super(message);
    this.name = 'AmqpError';
    this.condition = condition;
  }
}

export const notFound = (address: string): AmqpError =>
  new AmqpError('amqp:not-found', `The messaging entity '${address}' could not be found.`);

export const unauthorized = (text: string): AmqpError => new AmqpError('amqp:unauthorized-access', text);

export const notAllowed = (text: string): AmqpError => new AmqpError('amqp:not-allowed', text);

export const badArgument = (text: string): AmqpError => new AmqpError('com.microsoft:argument-error', text);

export const decodeError = (text: string): AmqpError => new AmqpError('amqp:decode-error', text);

export const timedOut = (text: string): AmqpError => new AmqpError('com.microsoft:timeout', text);

export const messageNotFound = (text: string): AmqpError => new AmqpError('com.microsoft:message-not-found', text);

export const notImplemented = (text: string): AmqpError => new AmqpError('amqp:not-implemented', text);

export const messageLockLost = (): AmqpError =>
  new AmqpError(
    'com.microsoft:message-lock-lost',
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  );

export const sessionLockLost = (session: string): AmqpError =>
  new AmqpError('com.microsoft:session-lock-lost', `The lock on session '${session}' has expired or was never held.`);

export const sessionCannotBeLocked = (session: string): AmqpError =>
  new AmqpError(
    'com.microsoft:session-cannot-be-locked',
    `The requested session '${session}' cannot be accepted. It may be locked by another receiver.`,
  );

export const messageTooLarge = (size: number, limit: number): AmqpError =>
  new AmqpError(
    'amqp:link:message-size-exceeded',
    `The received message (size: ${size} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`,
  );

export const quotaExceeded = (text: string): AmqpError => new AmqpError('amqp:resource-limit-exceeded', text);

export const disabled = (address: string): AmqpError =>
  new AmqpError('com.microsoft:entity-disabled', `The messaging entity '${address}' is disabled.`);

const statuses: Readonly<Record<string, number>> = {
  'amqp:not-found': 404,
  'com.microsoft:message-not-found': 404,
  'amqp:unauthorized-access': 401,
  'com.microsoft:message-lock-lost': 410,
  'com.microsoft:session-lock-lost': 410,
  'com.microsoft:session-cannot-be-locked': 410,
  'com.microsoft:timeout': 408,
  'com.microsoft:argument-error': 400,
  'com.microsoft:entity-already-exists': 409,
  'amqp:decode-error': 400,
  'amqp:not-allowed': 400,
  'amqp:not-implemented': 501,
  'amqp:link:message-size-exceeded': 403,
  'amqp:resource-limit-exceeded': 403,
  'com.microsoft:entity-disabled': 400,
  'com.microsoft:server-busy': 503,
};

/** The status code of a management answer that carries this condition; 500 for what has none. */
export function statusOf(condition: string): number {
  return statuses[condition] ?? 500;
}

/** Anything thrown, as what the peer is told: our own refusals as they are, everything else as an internal error. */
export function asAmqpError(error: unknown): AmqpError {
  if (error instanceof AmqpError) return error;
  return new AmqpError('amqp:internal-error', error instanceof Error ? error.message : String(error));
}
