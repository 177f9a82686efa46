import type { DecodedMessage } from './amqp/rhea.ts';

/** What rules may ask for. `subject` is what the resource model calls label. */
export type SystemProperty =
  | 'correlationId'
  | 'messageId'
  | 'to'
  | 'replyTo'
  | 'subject'
  | 'sessionId'
  | 'replyToSessionId'
  | 'contentType';

const fields = {
  correlationId: 'correlation_id',
  messageId: 'message_id',
  to: 'to',
  replyTo: 'reply_to',
  subject: 'subject',
  sessionId: 'group_id',
  replyToSessionId: 'reply_to_group_id',
  contentType: 'content_type',
} as const satisfies Readonly<Record<SystemProperty, keyof DecodedMessage>>;

export function systemProperty(message: DecodedMessage, name: SystemProperty): unknown {
  return message[fields[name]];
}

export function withSystemProperty(message: DecodedMessage, name: SystemProperty, value: unknown): DecodedMessage {
  return { ...message, [fields[name]]: value };
}

/** Where each stands in the properties section (AMQP 1.0 part 3.2.4). */
export const positions: Readonly<Record<SystemProperty, number>> = {
  messageId: 0,
  to: 2,
  subject: 3,
  replyTo: 4,
  correlationId: 5,
  contentType: 6,
  sessionId: 10,
  replyToSessionId: 12,
};
