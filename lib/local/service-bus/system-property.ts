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

export function systemProperty(message: DecodedMessage, name: SystemProperty): unknown {
  switch (name) {
    case 'correlationId':
      return message.correlation_id;
    case 'messageId':
      return message.message_id;
    case 'to':
      return message.to;
    case 'replyTo':
      return message.reply_to;
    case 'subject':
      return message.subject;
    case 'sessionId':
      return message.group_id;
    case 'replyToSessionId':
      return message.reply_to_group_id;
    case 'contentType':
      return message.content_type;
    default:
      return name satisfies never;
  }
}
