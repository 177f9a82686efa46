// Functions of the Service Bus contract suite: each says what it saw in one log line.
import { type InvocationContext, app, output } from '@azure/functions';

interface Body {
  readonly n?: number;
  readonly fail?: number;
  readonly waitMs?: number;
  /** Runs until /api/release is called. */
  readonly untilReleased?: boolean;
}

const released = Promise.withResolvers<void>();
app.http('release', {
  handler: () => {
    released.resolve();
    return {};
  },
});

async function handle(body: unknown, context: InvocationContext): Promise<void> {
  const { triggerMetadata: metadata } = context;
  context.log(`saw ${JSON.stringify({ name: context.functionName, body, metadata, at: Date.now() })}`);
  const {
    fail = 0,
    waitMs = 0,
    untilReleased = false,
  } = typeof body === 'object' && body !== null ? (body as Body) : {};
  if (untilReleased) await released.promise;
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (Number(metadata?.['deliveryCount']) <= fail)
    throw new Error(`failed delivery ${String(metadata?.['deliveryCount'])}`);
}

const connection = 'ServiceBus';

app.serviceBusQueue('perSession', { connection, queueName: '%QUEUE%', isSessionsEnabled: true, handler: handle });
app.serviceBusQueue('perMessage', { connection, queueName: 'plain', handler: handle });
app.serviceBusTopic('perTopic', { connection, topicName: 'sites', subscriptionName: 'all', handler: handle });
app.serviceBusQueue('batches', { connection, queueName: 'batched', cardinality: 'many', handler: handle });
app.serviceBusQueue('sessionBatches', {
  connection,
  queueName: 'session-batched',
  cardinality: 'many',
  isSessionsEnabled: true,
  handler: handle,
});
app.serviceBusQueue('nowhere', { connection: 'Missing', queueName: 'plain', handler: handle });

const forward = output.serviceBusQueue({ connection, queueName: 'plain' });
app.http('send', {
  extraOutputs: [forward],
  handler: (_request, context) => {
    context.extraOutputs.set(forward, [{ n: 1 }, 'text']);
    return {};
  },
});
app.serviceBusQueue('forwards', {
  connection,
  queueName: 'first',
  return: output.serviceBusQueue({ connection, queueName: 'plain' }),
  handler: (body) => ({ forwarded: body }),
});
